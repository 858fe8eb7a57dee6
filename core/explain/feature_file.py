"""The features of a split in the workspace's cache, `features-<dataset>-<split>-<data>-<network>.npz`.

The shipped model needs several seconds on two cores for MNIST's 54,000 training images.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np

from core.arrays import read_arrays
from core.classifier.bundle import Card
from core.classifier.network import Network
from core.data.datasets import Dataset
from core.errors import StorageError
from core.explain.neighbours import image_features
from core.storage import atomic_write, file_size, modification_time_ns
from core.workspace import Workspace

_MAX_BYTES = 200_000_000
"""Maximum size of all files in the cache; the shipped model's features of MNIST's training images take 14 MB."""


def features_file(workspace: Workspace, network: Network, dataset: Dataset, split: str) -> Path:
    """Return the path of a split's features; it changes with the network and the dataset's content."""
    data, fingerprint = dataset.fingerprint[:16], network.fingerprint[:16]
    return workspace.cache / f"features-{dataset.id}-{split}-{data}-{fingerprint}.npz"


def split_features(path: Path, card: Card, network: Network, images: np.ndarray) -> np.ndarray:
    """Return the features of a split's images uint8 (n, 28, 28), as `image_features` does.

    They are read from their file, or else computed and written there. Raises BundleError.
    """
    with suppress(OSError, ValueError):  # not computed yet, or damaged
        return read_features(path, len(images))
    features = image_features(network, card, images)
    with suppress(StorageError, OSError):  # such as a full or read-only disk: they are computed again next time
        _write(path, features)
    return features


def read_features(path: Path, count: int) -> np.ndarray:
    """Return the features float16 (count, d) in a file.

    Raises OSError if the file cannot be read, ValueError if it is damaged.
    """
    features = read_arrays(path).get("features")
    if features is None or features.dtype != np.float16 or features.ndim != 2 or len(features) != count:
        raise ValueError(f"{path} does not contain the features of {count} images.")
    if not np.isfinite(features).all():
        raise ValueError("Features must be finite.")
    return features


def _write(path: Path, features: np.ndarray) -> None:
    """Replace the file, and remove the oldest files from the cache; raises StorageError and OSError."""
    with atomic_write(path, durable=False) as temporary, temporary.open("wb") as opened:
        np.savez(opened, features=features)
    total = 0
    for file in sorted(path.parent.glob("features-*.npz"), key=modification_time_ns, reverse=True):
        total += file_size(file)
        if total > _MAX_BYTES:
            file.unlink(missing_ok=True)
