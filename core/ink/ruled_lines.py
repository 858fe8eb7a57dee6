"""Ruled lines of paper: found in the ink of a picture and removed from it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from core.ink.depth import SMALL_SIZE, Mask, touches_edge
from core.ink.drawing import Pixels, stroke_width

_SHORTEST_RUN = 0.05  # of the picture's width; a line tilted by 7 degrees has straight runs of this length
_MANY = 3  # parallel lines; a digit that is cropped close has two strokes from edge to edge at most
_THIN = 0.7  # of the writing's stroke width; a single line as wide as the writing is a stroke
_HAIR = 0.015  # of the picture's longest side; thinner than any pen that fills the picture


def without_ruled_lines(ink: Pixels, paper: Mask | None = None) -> Pixels:
    """Remove lines that run from edge to edge, level or upright, but not the strokes that cross them.

    `paper` (h, w): where the paper is, if it does not fill the picture. A picture up to SMALL_SIZE has no lines.
    """
    if max(ink.shape) <= SMALL_SIZE or (paper is None and not touches_edge(ink)):
        return ink
    paper = np.ones(ink.shape, bool) if paper is None else paper
    # Beyond the paper's edge, where its lines end.
    rim = ~ndimage.binary_erosion(paper, np.ones((3, 3)))
    ink = np.where(_ruled_lines(ink > 0, rim), np.uint8(0), ink)
    return np.where(_ruled_lines(ink.T > 0, rim.T).T, np.uint8(0), ink)


def _ruled_lines(mask: Mask, rim: Mask) -> Mask:
    """Return where level lines lie in the mask, with their faint edges."""
    found = _lines_from_edge_to_edge(mask, rim)
    every = np.zeros(mask.shape, bool)
    for place, line, _ in found:
        every[place] |= line
    writing = stroke_width(mask & ~every)
    lines = np.zeros(mask.shape, bool)
    for place, line, thickness in found:
        if len(found) >= _MANY or thickness < max(_THIN * writing, _HAIR * max(mask.shape)):
            lines[place] |= line
    return lines


def _lines_from_edge_to_edge(mask: Mask, rim: Mask) -> list[tuple[tuple[slice, slice], Mask, float]]:
    """Return place, mask and thickness in pixels of each level line whose two ends lie on the rim."""
    # Grown by a pixel, a tilted line has runs, too; noise leaves gaps of up to four pixels in a faint one.
    grown = ndimage.maximum_filter(mask.view(np.uint8), size=(3, 5))
    reach = int(_SHORTEST_RUN * mask.shape[1]) | 1
    runs = ndimage.maximum_filter1d(ndimage.minimum_filter1d(grown, reach, axis=1), reach, axis=1)
    parts, _ = ndimage.label(runs, structure=np.ones((3, 3)))
    found = []
    for number, place in enumerate(ndimage.find_objects(parts), start=1):
        part = parts[place] == number
        at_rim = np.flatnonzero((part & rim[place]).any(axis=0))
        if not at_rim.size or at_rim[0] >= reach or at_rim[-1] < part.shape[1] - reach:
            continue
        drawn = mask[place] & part
        if not drawn.any():
            continue
        starts = np.count_nonzero(drawn[1:] & ~drawn[:-1], axis=0) + drawn[0]
        thickness = float(np.median((np.count_nonzero(drawn, axis=0) / np.maximum(starts, 1))[starts > 0]))
        # A crossing stroke is much taller than the line.
        tall = ndimage.binary_opening(mask[:, place[1]], np.ones((int(thickness) + 3, 1)))[place[0]]
        found.append((place, part & ~tall, thickness))
    return found
