"""Reads .npz files that may be damaged or hostile."""

from __future__ import annotations

import math
from pathlib import Path
from typing import IO
from zipfile import ZipFile

import numpy as np

from core.storage import open_file


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return all arrays of an .npz file by name.

    Raises OSError if the file cannot be read, ValueError if it is damaged, and MemoryError if its arrays do not fit
    in memory.
    """
    with open_file(path) as file:
        return load_arrays(file, str(path))


def load_arrays(file: IO[bytes], name: str, max_bytes: int | None = None) -> dict[str, np.ndarray]:
    """Return all arrays of an open .npz file by name; `name` is the file's name in errors.

    Raises the same errors as `read_arrays`, and ValueError if the unpacked arrays take more than `max_bytes`.
    """
    try:
        with ZipFile(file) as archive:
            if max_bytes is not None and sum(entry.file_size for entry in archive.infolist()) > max_bytes:
                raise ValueError(f"{name} unpacks to more than {max_bytes} bytes.")
            for entry in archive.namelist():
                _check_size(archive, entry)
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            # NumPy returns entries that are not arrays as bytes.
            return {entry: np.asarray(arrays[entry]) for entry in arrays}
    except (OSError, MemoryError):
        raise
    except Exception as error:
        # Damaged bytes make NumPy, zipfile and the decompressors raise a dozen unrelated kinds of error.
        raise ValueError(f"{name} is not a complete .npz file.") from error


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
