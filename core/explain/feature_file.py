"""The features of a split in the workspace's cache, `features-<dataset>-<split>-<data>-<network>.npz`.

Those of MNIST's 54,000 training images take the shipped model several seconds on both cores.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np

from core.arrays import read_arrays
from core.classifier.bundle import Bundle
from core.classifier.network import Network
from core.data.datasets import Dataset
from core.errors import StorageError
from core.explain.map_file import bundle_fingerprint
from core.explain.neighbours import image_features
from core.storage import atomic_write, modified
from core.workspace import Workspace

_MAX_FILES = 10
"""Maximum number of files in the cache; each takes up to 12 MB for a model with 96 features."""


def features_file(workspace: Workspace, bundle: Bundle, dataset: Dataset, split: str) -> Path:
    """Return the path of a split's features; it changes with the network and the dataset's content.

    Raises BundleError if the network's file cannot be read.
    """
    data, network = dataset.fingerprint[:16], bundle_fingerprint(bundle)[:16]
    return workspace.cache / f"features-{dataset.id}-{split}-{data}-{network}.npz"


def split_features(path: Path, bundle: Bundle, network: Network, images: np.ndarray) -> np.ndarray:
    """Return the features of a split's images uint8 (n, 28, 28), as `image_features` does.

    They are read from their file, or else computed and written there. Raises BundleError.
    """
    with suppress(OSError, ValueError):  # not computed yet, or damaged
        return read_features(path, len(images))
    features = image_features(network, bundle.card(), images)
    with suppress(StorageError):  # on a full or read-only disk, they are computed again next time
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
    """Replace the file, and remove the oldest files from the cache; raises StorageError."""
    with atomic_write(path, durable=False) as temporary, temporary.open("wb") as file:
        np.savez(file, features=features)
    for old_file in sorted(path.parent.glob("features-*.npz"), key=modified, reverse=True)[_MAX_FILES:]:
        old_file.unlink(missing_ok=True)
