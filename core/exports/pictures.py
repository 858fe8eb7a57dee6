"""The fixed images on which exported files and all ways of running a model are compared."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from core.data.datasets import Dataset, load_dataset
from core.errors import DataMissing
from core.ink.drawing import Pixels
from core.workspace import Workspace

IMAGES = 256
"""Number of fixed images: enough to include close calls, yet read in about a second."""

_SEED = 20261129


def compared_dataset(workspace: Workspace, dataset_id: str) -> Dataset:
    """Return the dataset that a model was trained on, or scikit-learn's digits if that dataset is MNIST and is missing.

    Raises DataError if the dataset's files are damaged.
    """
    try:
        return load_dataset(dataset_id, workspace)
    except DataMissing:
        return load_dataset("digits", workspace)


def fixed_images(dataset: Dataset) -> Pixels:
    """Return the same images from the validation split on every call, uint8 (n, 28, 28): IMAGES, or all if fewer.

    The test set is not used.
    """
    validation = dataset.validation
    indices = np.random.default_rng(_SEED).permutation(len(validation))[:IMAGES]
    images: Pixels = validation.images[indices]
    return images


def as_png(image: Pixels) -> bytes:
    """Encode an image (h, w) as a PNG whose deepest ink is white, as in any drawing."""
    full_contrast = (image * (255 / max(int(image.max()), 1)) + 0.5).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(full_contrast).save(buffer, "PNG")
    return buffer.getvalue()
