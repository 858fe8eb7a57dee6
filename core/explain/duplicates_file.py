"""The file of a dataset's near duplicates in the workspace's cache, `near-duplicates-<dataset>-<data>.npz`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.arrays import read_arrays
from core.data.datasets import Dataset
from core.explain.near_duplicates import SPLIT_PAIRS, NearDuplicates, Pairs
from core.storage import atomic_write
from core.workspace import Workspace


def duplicates_file(workspace: Workspace, dataset: Dataset) -> Path:
    """Return the path of a dataset's near duplicates; it changes with the dataset's content."""
    return workspace.cache / f"near-duplicates-{dataset.id}-{dataset.fingerprint[:16]}.npz"


def write_duplicates(path: Path, duplicates: NearDuplicates) -> None:
    """Replace the file; raises StorageError."""
    arrays = {
        f"{first}_{second}_{name}": array.astype(np.float32 if name == "distances" else np.int32)
        for (first, second), pairs in duplicates.items()
        for name, array in vars(pairs).items()
    }
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def read_duplicates(path: Path, dataset: Dataset) -> NearDuplicates:
    """Read the near duplicates of a dataset.

    Raises OSError if the file cannot be read, ValueError if it is damaged.
    """
    arrays = read_arrays(path)
    try:
        duplicates = {
            (first, second): Pairs(
                arrays[f"{first}_{second}_first"].astype(np.int64),
                arrays[f"{first}_{second}_second"].astype(np.int64),
                arrays[f"{first}_{second}_distances"],
            )
            for first, second in SPLIT_PAIRS
        }
        for (first, second), pairs in duplicates.items():
            _check(pairs, len(dataset.split(first)), len(dataset.split(second)))
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} does not contain near duplicates.") from error
    return duplicates


def _check(pairs: Pairs, first_count: int, second_count: int) -> None:
    """Raise ValueError if the pairs do not fit splits with these numbers of images."""
    for indices, count in ((pairs.first, first_count), (pairs.second, second_count)):
        if indices.shape != pairs.distances.shape or not ((indices >= 0) & (indices < count)).all():
            raise ValueError("Near duplicates must be pairs of the dataset's images.")
    if (
        pairs.distances.ndim != 1
        or not np.isfinite(pairs.distances).all()
        or (np.diff(pairs.distances, prepend=0) < 0).any()
    ):
        raise ValueError("Near duplicates must have ascending distances of at least 0.")
