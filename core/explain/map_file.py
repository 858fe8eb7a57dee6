"""The file of a map in the workspace's cache, `map-<dataset>-<network>.npz`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np

from core.arrays import read_arrays
from core.classifier.bundle import Bundle
from core.classifier.network import network_fingerprint
from core.data.datasets import CLASSES, Split
from core.errors import BundleError
from core.explain.embedding_map import EXTENT, EmbeddingMap
from core.language import Message
from core.storage import atomic_write, modification_time_ns, read_file
from core.workspace import Workspace

_MAX_MAPS = 50
"""Maximum number of maps in the cache; each takes up to 0.5 MB."""


def map_file(workspace: Workspace, dataset_id: str, fingerprint: str) -> Path:
    """Return the path of the map that the network with this fingerprint makes of a dataset."""
    return workspace.cache / f"map-{dataset_id}-{fingerprint[:16]}.npz"


def bundle_fingerprint(bundle: Bundle) -> str:
    """Return the fingerprint of a bundle's network; raises BundleError if its file cannot be read."""
    try:
        return network_fingerprint(read_file(bundle.tflite_file))
    except OSError as error:
        raise BundleError(
            Message(
                "The model in {folder} cannot be read. Choose another model, or train it again.", folder=bundle.folder
            ),
            bundle.folder,
        ) from error


def write_map(path: Path, content: EmbeddingMap) -> None:
    """Replace a map, and remove the oldest maps from the cache; raises StorageError."""
    with atomic_write(path) as temporary, temporary.open("wb") as opened:
        np.savez(opened, **asdict(content))
    for old_map in sorted(path.parent.glob("map-*.npz"), key=modification_time_ns, reverse=True)[_MAX_MAPS:]:
        for file in (old_map, old_map.with_suffix(".log")):
            file.unlink(missing_ok=True)  # another process may have removed it


def read_map(path: Path, train: Split, fingerprint: str) -> EmbeddingMap:
    """Read a map of a training split.

    Raises OSError if the file cannot be read, ValueError if it is damaged or stale: made by another network or
    from other images.
    """
    arrays = read_arrays(path)
    try:
        map_ = EmbeddingMap(
            indices=arrays["indices"],
            positions=arrays["positions"],
            features=arrays["features"],
            labels=arrays["labels"],
            predictions=arrays["predictions"],
            fingerprint=str(arrays["fingerprint"]),
        )
        _check(map_, train, fingerprint)
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"{path} is not a map.") from error
    return map_


def _check(map_: EmbeddingMap, train: Split, fingerprint: str) -> None:
    """Raise ValueError or IndexError if a map was not made from this split by this network."""
    count = len(map_.labels)
    shapes = [array.shape for array in (map_.indices, map_.positions, map_.labels, map_.predictions)]
    if shapes != [(count,), (count, 2), (count,), (count,)] or map_.features.shape[:-1] != (count,):
        raise ValueError("The arrays of a map must have one row for each landmark.")
    if not count or (map_.indices < 0).any() or not np.isin(map_.predictions, range(CLASSES)).all():
        raise ValueError("The landmarks of a map must be training images.")
    if map_.fingerprint != fingerprint or not np.array_equal(train.labels[map_.indices], map_.labels):
        raise ValueError("The map is stale.")
    if not (np.abs(map_.positions) <= EXTENT * 1.001).all() or not np.isfinite(map_.features).all():
        raise ValueError("A map must contain finite numbers.")
