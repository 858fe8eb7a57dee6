"""An .npz file is read completely, or the error distinguishes damage from a lack of memory."""

from __future__ import annotations

import io
import subprocess
import sys
import textwrap
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from core.arrays import read_arrays
from core.workspace import PROJECT


def test_arrays_survive_a_round_trip(tmp_path: Path) -> None:
    arrays = {"a": np.arange(6, dtype=np.uint8).reshape(2, 3), "b": np.array(0.5, np.float32), "none": np.empty((0, 3))}
    np.savez_compressed(tmp_path / "x.npz", **arrays)

    loaded_arrays = read_arrays(tmp_path / "x.npz")

    assert list(loaded_arrays) == list(arrays)
    for name, array in arrays.items():
        assert loaded_arrays[name].dtype == array.dtype
        assert np.array_equal(loaded_arrays[name], array)


def test_header_that_claims_too_much_data_counts_as_damage(tmp_path: Path) -> None:
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"shape": (10**14,), "fortran_order": False, "descr": "<f8"})
    with ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("huge.npy", content.getvalue() + bytes(64))

    with pytest.raises(ValueError, match="not a complete"):
        read_arrays(tmp_path / "x.npz")


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux enforces a limit on a process's memory (RLIMIT_AS).")
def test_lack_of_memory_does_not_count_as_damage(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "x.npz", large=np.zeros(2**28, np.uint8))
    script = """
        import resource, sys
        from pathlib import Path
        from core.arrays import read_arrays
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        limit = used + 2**27
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        try:
            read_arrays(Path(sys.argv[1]))
        except Exception as error:
            print(type(error).__name__)
    """

    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "x.npz")]
    process = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert process.stdout.strip() in {"MemoryError", "_ArrayMemoryError"}, process.stderr
