"""A 3x3 filter that slides over a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from core.ink.drawing import IMAGE_SIZE, Pixels

LIMIT = 9
"""Largest absolute value of a number in a filter."""

_CLEAR_RATIO = 2.0
"""Smallest ratio of two responses at which a filter clearly prefers one kind of stroke."""

UPRIGHT = (-1, 1, 1, -1, 1, 1, -1, 1, 1)
"""A filter for the left edge of vertical strokes, row by row."""


def kernel_from(values: object) -> np.ndarray | None:
    """Return the filter, float64 (3, 3), for a list of nine numbers from the browser, or None for anything else."""
    if not isinstance(values, list) or len(values) != 9:
        return None
    if not all(isinstance(value, int | float) and abs(value) <= LIMIT for value in values):
        return None
    return np.array(values, np.float64).reshape(3, 3)


def respond(image: Pixels, kernel: np.ndarray) -> np.ndarray:
    """Return the response, float64 (28, 28), of a filter (3, 3) at each pixel of an image, uint8 (28, 28).

    As in a convolutional network, each number in the filter is multiplied by the brightness, 0..1, of the pixel beneath
    it, and the nine products are summed. Everything outside the image counts as black.
    """
    response: np.ndarray = ndimage.correlate(image / 255, kernel, np.float64, mode="constant")
    return response


@dataclass(frozen=True)
class Preference:
    """A filter's largest responses, 0 or more, to a horizontal (level) stroke and to a vertical (upright) one."""

    level: float
    upright: float

    @property
    def prefers_level(self) -> bool:
        """True if the filter responds much more strongly to a horizontal stroke."""
        return self.level > 0 and self.level >= _CLEAR_RATIO * self.upright


def preference(kernel: np.ndarray) -> Preference:
    """Measure a filter (3, 3) on long strokes two pixels wide, ignoring their ends."""
    upright = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    upright[:, 13:15] = 255
    inner = slice(4, -4)
    return Preference(
        level=max(0.0, float(respond(upright.T, kernel)[inner, inner].max())),
        upright=max(0.0, float(respond(upright, kernel)[inner, inner].max())),
    )
