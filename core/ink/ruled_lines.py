"""Ruled lines on paper: found in the ink of a picture and removed from it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from core.ink.depth import SMALL_SIZE, Mask, touches_edge
from core.ink.drawing import Pixels, stroke_width

_SHORTEST_RUN = 0.05  # of the picture's width; a line tilted by 7 degrees has straight runs of this length
_MIN_PARALLEL_LINES = 3  # a closely cropped digit has at most two strokes from edge to edge
_MAX_LINE_WIDTH = 0.7  # of the writing's stroke width; a single line as wide as the writing is a stroke
_MAX_HAIRLINE_WIDTH = 0.015  # of the picture's longest side; no pen stroke that fills a picture is thinner


def without_ruled_lines(ink: Pixels, paper: Mask | None = None) -> Pixels:
    """Remove horizontal and vertical lines that run from edge to edge, but not the strokes that cross them.

    `paper` (h, w): where the paper is, if it does not fill the picture. Pictures up to SMALL_SIZE have no lines.
    """
    if max(ink.shape) <= SMALL_SIZE or (paper is None and not touches_edge(ink)):
        return ink
    paper = np.ones(ink.shape, bool) if paper is None else paper
    # Lines end at the paper's edge, or at the picture's if the paper extends beyond it.
    rim = ~ndimage.binary_erosion(paper, np.ones((3, 3)))
    ink = np.where(_ruled_lines(ink > 0, rim), np.uint8(0), ink)
    return np.where(_ruled_lines(ink.T > 0, rim.T).T, np.uint8(0), ink)


def _ruled_lines(mask: Mask, rim: Mask) -> Mask:
    """Return a mask of the ruled horizontal lines, including their faint edges."""
    found_lines = _lines_from_edge_to_edge(mask, rim)
    candidates = np.zeros(mask.shape, bool)
    for box, line, _ in found_lines:
        candidates[box] |= line
    writing_width = stroke_width(mask & ~candidates)
    lines = np.zeros(mask.shape, bool)
    max_thickness = max(_MAX_LINE_WIDTH * writing_width, _MAX_HAIRLINE_WIDTH * max(mask.shape))
    for box, line, thickness in found_lines:
        if len(found_lines) >= _MIN_PARALLEL_LINES or thickness < max_thickness:
            lines[box] |= line
    return lines


def _lines_from_edge_to_edge(mask: Mask, rim: Mask) -> list[tuple[tuple[slice, slice], Mask, float]]:
    """Return the box, mask and thickness in pixels of each horizontal line whose two ends lie on the rim."""
    # Dilation gives tilted lines straight runs, and closes gaps of up to four pixels that noise leaves in faint lines.
    dilated = ndimage.maximum_filter(mask.view(np.uint8), size=(3, 5))
    reach = int(_SHORTEST_RUN * mask.shape[1]) | 1
    runs = ndimage.maximum_filter1d(ndimage.minimum_filter1d(dilated, reach, axis=1), reach, axis=1)
    components, _ = ndimage.label(runs, structure=np.ones((3, 3)))
    lines = []
    for label, box in enumerate(ndimage.find_objects(components), start=1):
        component = components[box] == label
        at_rim = np.flatnonzero((component & rim[box]).any(axis=0))
        if not at_rim.size or at_rim[0] >= reach or at_rim[-1] < component.shape[1] - reach:
            continue
        line_mask = mask[box] & component
        if not line_mask.any():
            continue
        starts = np.count_nonzero(line_mask[1:] & ~line_mask[:-1], axis=0) + line_mask[0]
        thickness = float(np.median((np.count_nonzero(line_mask, axis=0) / np.maximum(starts, 1))[starts > 0]))
        # A crossing stroke is much taller than the line.
        crossings = ndimage.binary_opening(mask[:, box[1]], np.ones((int(thickness) + 3, 1)))[box[0]]
        lines.append((box, component & ~crossings, thickness))
    return lines
