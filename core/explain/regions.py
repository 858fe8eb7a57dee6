"""Names of places on a drawing."""

from __future__ import annotations

import numpy as np

from core.language import Message

_PLACES = (
    (Message("at the top left"), Message("at the top"), Message("at the top right")),
    (Message("on the left"), Message("in the middle"), Message("on the right")),
    (Message("at the bottom left"), Message("at the bottom"), Message("at the bottom right")),
)

_MIN_SIDE = 9
"""Minimum side of the divided box in pixels: a stroke is 2 to 3 pixels wide, and a slim 1 has no left and right."""


def strongest_place(values: np.ndarray, image: np.ndarray) -> Message | None:
    """Return the place where the positive values of a map (h, w) have the largest sum, such as "at the top left".

    The box around the ink of `image` (h, w) is divided into nine parts. Return None if no value in it is positive.
    """
    rows, columns = (np.flatnonzero((image > 0).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    box = np.maximum(values[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 0)
    margins = [max(0, _MIN_SIDE - side) for side in box.shape]
    box = np.pad(box, [(margin // 2, margin - margin // 2) for margin in margins])
    bands = [np.array_split(band, 3, axis=1) for band in np.array_split(box, 3)]
    sums = np.array([[part.sum() for part in band] for band in bands])
    row, column = np.unravel_index(sums.argmax(), sums.shape)
    return _PLACES[row][column] if sums.max() > 0 else None
