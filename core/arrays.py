"""NumPy's .npz files, read so that whatever became of one shows as one of two errors."""

from __future__ import annotations

import math
from pathlib import Path
from zipfile import ZipFile

import numpy as np

from core.storage import open_file


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an .npz file by name; raises OSError where it cannot be read, ValueError where it is damaged.

    MemoryError where there is too little memory for what it really holds.
    """
    try:
        with open_file(path) as opened:
            with ZipFile(opened) as archive:
                for name in archive.namelist():
                    _check_size(archive, name)
            opened.seek(0)
            with np.load(opened, allow_pickle=False) as file:
                # What is no array in there comes as bytes.
                return {name: np.asarray(file[name]) for name in file}
    except (OSError, MemoryError):
        raise
    except Exception as error:
        # Changed bytes come out of NumPy, zipfile and what unpacks as a dozen unrelated kinds of errors.
        raise ValueError(f"{path} is no whole .npz file.") from error


def _check_size(archive: ZipFile, name: str) -> None:
    """Raise ValueError where the array's heading claims more than the file holds: NumPy would ask for all of it."""
    with archive.open(name) as member:
        if np.lib.format.read_magic(member) == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(member)
        else:
            shape, _, dtype = np.lib.format.read_array_header_2_0(member)
    if math.prod(shape) * dtype.itemsize > archive.getinfo(name).file_size:
        raise ValueError(f"{name} is not whole.")
