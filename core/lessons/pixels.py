"""Pictures as 784 numbers: validation of painted pixels, and the position of the ink."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from core.ink.drawing import IMAGE_SIZE, Pixels

OFF_CENTRE = 0.15
"""Distance of the ink from the middle, as a fraction of the canvas, above which a drawing counts as off centre."""


def painted(values: object) -> Pixels | None:
    """Return the image (28, 28) for a browser's list of 784 numbers from 0 to 255, or None for anything else."""
    if not isinstance(values, list) or len(values) != IMAGE_SIZE**2:
        return None
    if not all(isinstance(value, int) and 0 <= value <= 255 for value in values):
        return None
    return np.array(values, np.uint8).reshape(IMAGE_SIZE, IMAGE_SIZE)


def is_off_centre(ink: Pixels) -> bool:
    """Return True if the centre of mass of the ink (h, w) is far from the middle; False without ink."""
    if not ink.any():
        return False
    centre = ndimage.center_of_mass(ink)
    return any(abs((place + 0.5) / size - 0.5) > OFF_CENTRE for place, size in zip(centre, ink.shape, strict=True))


def moved_to_corner(images: Pixels) -> Pixels:
    """Move the digit of each image (n, 28, 28) to the top left corner, without changing it."""
    moved_images = np.zeros_like(images)
    for image, target in zip(images, moved_images, strict=True):
        if image.any():
            top, left = image.any(axis=1).argmax(), image.any(axis=0).argmax()
            target[: IMAGE_SIZE - top, : IMAGE_SIZE - left] = image[top:, left:]
    return moved_images
