"""The ruled lines of paper: found in the ink of a picture, and taken out of it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from core.ink.depth import SMALL_SIZE, Mask
from core.ink.drawing import Pixels

# A ruled line runs through this share of the picture at least, and is no thicker than this share of its longest side.
_RULED_SHARE, _RULED_THICKNESS = 0.9, 0.015


def without_ruled_lines(ink: Pixels) -> Pixels:
    """Take out thin lines that run through the whole picture, level or upright, but not the strokes that cross them.

    In a picture up to SMALL_SIZE there are none.
    """
    if max(ink.shape) <= SMALL_SIZE:
        return ink
    ink = np.where(_ruled_lines(ink > 0), np.uint8(0), ink)
    return np.where(_ruled_lines(ink.T > 0).T, np.uint8(0), ink)


def _ruled_lines(mask: Mask) -> Mask:
    """Where level lines lie in the mask, their faint edges included."""
    width = mask.shape[1]
    # Runs of a twentieth of the width, on a mask grown by a pixel, bear a tilt of three degrees.
    grown = ndimage.maximum_filter(mask.view(np.uint8), size=(3, 5))
    reach = width // 20 | 1
    runs = ndimage.maximum_filter1d(ndimage.minimum_filter1d(grown, reach, axis=1), reach, axis=1)
    parts, _ = ndimage.label(runs, structure=np.ones((3, 3)))
    lines = np.zeros(mask.shape, bool)
    for number, (rows, columns) in enumerate(ndimage.find_objects(parts), start=1):
        if not _runs_through(rows, columns, mask.shape):
            continue
        line = parts[rows, columns] == number
        drawn = mask[rows, columns] & line
        starts = np.count_nonzero(drawn[1:] & ~drawn[:-1], axis=0) + drawn[0]
        thickness = int(np.median((np.count_nonzero(drawn, axis=0) / np.maximum(starts, 1))[starts > 0]))
        if thickness > max(3, _RULED_THICKNESS * max(mask.shape)):
            continue
        # What is much taller than the line where they meet is a stroke that crosses it.
        tall = ndimage.binary_opening(mask[:, columns], np.ones((thickness + 3, 1)))[rows]
        lines[rows, columns] |= line & ~tall
    return lines


def _runs_through(rows: slice, columns: slice, shape: tuple[int, int]) -> bool:
    """Whether what lies there comes in at one side and leaves at another."""
    height, width = shape
    if columns.stop - columns.start >= _RULED_SHARE * width:
        return True
    at_side = columns.start == 0 or columns.stop == width
    return at_side and (rows.start == 0 or rows.stop == height)
