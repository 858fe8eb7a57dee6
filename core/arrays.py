"""Reads .npz files that may be damaged or hostile."""

from __future__ import annotations

import math
from pathlib import Path
from zipfile import ZipFile

import numpy as np

from core.storage import open_file


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return all arrays of an .npz file by name.

    Raises OSError if the file cannot be read, ValueError if it is damaged, and MemoryError if its arrays do not fit
    in memory.
    """
    try:
        with open_file(path) as file:
            with ZipFile(file) as archive:
                for name in archive.namelist():
                    _check_size(archive, name)
            file.seek(0)
            with np.load(file, allow_pickle=False) as arrays:
                # NumPy returns entries that are not arrays as bytes.
                return {name: np.asarray(arrays[name]) for name in arrays}
    except (OSError, MemoryError):
        raise
    except Exception as error:
        # Damaged bytes make NumPy, zipfile and the decompressors raise a dozen unrelated kinds of error.
        raise ValueError(f"{path} is not a complete .npz file.") from error


def _check_size(archive: ZipFile, name: str) -> None:
    """Raise ValueError if an array's header claims more data than the file has.

    NumPy would allocate memory for the claimed size.
    """
    with archive.open(name) as member:
        if np.lib.format.read_magic(member) == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(member)
        else:
            shape, _, dtype = np.lib.format.read_array_header_2_0(member)
    if math.prod(shape) * dtype.itemsize > archive.getinfo(name).file_size:
        raise ValueError(f"{name} is truncated.")
