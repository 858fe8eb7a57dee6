"""NumPy's .npz files, read so that whatever became of one shows as one of two errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an .npz file by name; raises OSError where it cannot be read, ValueError where it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            # What is no array in there comes as bytes.
            return {name: np.asarray(file[name]) for name in file}
    except OSError:
        raise
    except Exception as error:
        # Changed bytes come out of NumPy, zipfile and what unpacks as a dozen unrelated kinds of errors.
        raise ValueError(f"{path} is no whole .npz file.") from error
