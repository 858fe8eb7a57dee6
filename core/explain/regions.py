"""Places on a drawing in words."""

from __future__ import annotations

import numpy as np

_PLACES = (
    ("at the top left", "at the top", "at the top right"),
    ("on the left", "in the middle", "on the right"),
    ("at the bottom left", "at the bottom", "at the bottom right"),
)

_LEAST_SIDE = 9
"""Least side of the divided box in pixels: a stroke is 2 to 3 pixels wide, and a slim 1 has no left and right."""


def strongest_place(values: np.ndarray, image: np.ndarray) -> str | None:
    """Return where the positive values of a map (h, w) add up to the most, such as "at the top left".

    The box around the ink of `image` (h, w) is divided into nine parts. Return None if no value in it is positive.
    """
    rows, columns = (np.flatnonzero((image > 0).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    box = np.maximum(values[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 0)
    margins = [max(0, _LEAST_SIDE - side) for side in box.shape]
    box = np.pad(box, [(margin // 2, margin - margin // 2) for margin in margins])
    bands = [np.array_split(band, 3, axis=1) for band in np.array_split(box, 3)]
    sums = np.array([[part.sum() for part in band] for band in bands])
    row, column = np.unravel_index(sums.argmax(), sums.shape)
    return _PLACES[row][column] if sums.max() > 0 else None
