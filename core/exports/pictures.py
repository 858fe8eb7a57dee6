"""The fixed images on which exported files and all ways of running a model are compared."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from core.data.datasets import Split, load_dataset
from core.errors import DataMissing
from core.ink.drawing import Pixels
from core.workspace import Workspace

IMAGES = 256
"""Number of fixed images: enough to meet close calls, and read in about a second."""

_SEED = 20261129


def fixed_images(workspace: Workspace, dataset_id: str) -> Split:
    """Return the same images of the validation split each time; if MNIST is missing, those of scikit-learn's digits.

    The test set is not used. Raises DataError if the dataset's files are damaged.
    """
    try:
        validation = load_dataset(dataset_id, workspace).validation
    except DataMissing:
        validation = load_dataset("digits", workspace).validation
    return choose_images(validation)


def choose_images(validation: Split) -> Split:
    """Return IMAGES of the images, or all of them if there are fewer, in a fixed random order."""
    chosen = np.random.default_rng(_SEED).permutation(len(validation))[:IMAGES]
    return Split(validation.images[chosen], validation.labels[chosen])


def as_png(image: Pixels) -> bytes:
    """Encode an image (h, w) as a PNG whose deepest ink is white, as in any drawing."""
    full_contrast = (image * (255 / max(int(image.max()), 1)) + 0.5).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(full_contrast).save(buffer, "PNG")
    return buffer.getvalue()
