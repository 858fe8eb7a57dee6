"""Fashion-MNIST as out-of-distribution test images; no model is trained on it."""

from __future__ import annotations

import gzip

import numpy as np

from core.environment import fashion_location
from core.ink.drawing import Pixels


def fashion_images() -> Pixels | None:
    """Return Fashion-MNIST's test images, uint8 (10000, 28, 28), or None if its files are missing."""
    folder = fashion_location()
    file = folder / "t10k-images-idx3-ubyte.gz" if folder else None
    if file is None or not file.is_file():
        return None
    return np.frombuffer(gzip.decompress(file.read_bytes()), np.uint8, offset=16).reshape(-1, 28, 28)
