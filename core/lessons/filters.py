"""A filter of 3x3 numbers that moves over a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from core.ink.drawing import IMAGE_SIZE, Pixels

LIMIT = 9
"""Largest number in a filter, in either direction."""

STEEP = 2.0
"""Ratio of two responses above which a filter clearly prefers one kind of stroke."""

UPRIGHT = (-1, 1, 1, -1, 1, 1, -1, 1, 1)
"""A filter for the left edge of upright strokes, row by row."""


def kernel_from(values: object) -> np.ndarray | None:
    """Return the filter float64 (3, 3) in a list of nine numbers of a browser, or None for anything else."""
    if not isinstance(values, list) or len(values) != 9:
        return None
    if not all(isinstance(value, int | float) and abs(value) <= LIMIT for value in values):
        return None
    return np.array(values, np.float64).reshape(3, 3)


def respond(image: Pixels, kernel: np.ndarray) -> np.ndarray:
    """Return the response of a filter (3, 3) at each pixel of an image uint8 (28, 28), float64 (28, 28).

    Like a network's convolution: each number of the filter is multiplied with the brightness, 0..1, below it, and the
    nine products are added. Outside the image, it is dark.
    """
    response: np.ndarray = ndimage.correlate(image / 255, kernel, np.float64, mode="constant")
    return response


@dataclass(frozen=True)
class Preference:
    """The largest response of a filter to a level stroke and to an upright one, 0 or more."""

    level: float
    upright: float

    @property
    def prefers_level(self) -> bool:
        """True if the filter responds clearly more to a level stroke."""
        return self.level > 0 and self.level >= STEEP * self.upright


def preference(kernel: np.ndarray) -> Preference:
    """Measure a filter (3, 3) on a long stroke of two pixels width; its ends are not looked at."""
    upright = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    upright[:, 13:15] = 255
    inner = slice(4, -4)
    return Preference(
        level=max(0.0, float(respond(upright.T, kernel)[inner, inner].max())),
        upright=max(0.0, float(respond(upright, kernel)[inner, inner].max())),
    )
