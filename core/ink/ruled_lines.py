"""Lines on paper, from edge to edge or through the writing: found in the ink of a picture and removed from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from core.ink.depth import SMALL_SIZE, Mask, touches_edge
from core.ink.drawing import Pixels, bounding_box, stroke_width

_SHORTEST_RUN = 0.05  # of the picture's width; a line tilted by 7 degrees has straight runs of this length
_SHORTEST_THIN_LINE = 6.0  # stroke widths; slanted strokes have shorter straight runs
_MIN_LINE = 0.25  # of a thin line's length; crossing strokes may cover the rest, but cover nearly all of an arc
_EDGE_TO_EDGE = 0.95  # of the picture's width
_MAX_LINE_END = 0.15  # of the height of the writing and its base line; the ends of lines are lower
_MIN_PARALLEL_LINES = 3  # a closely cropped digit has at most two strokes from edge to edge
_MAX_LINE_WIDTH = 0.7  # of the writing's stroke width; a single line as wide as the writing is a stroke
_MAX_HAIRLINE_WIDTH = 0.015  # of the picture's longest side; no pen stroke that fills a picture is thinner


class _Line(NamedTuple):
    """A horizontal line: its `box` in the picture, its `pixels` in the box, and its `thickness` in pixels."""

    box: tuple[slice, slice]
    pixels: Mask
    thickness: float


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


def without_thin_lines(ink: Pixels) -> Pixels | None:
    """Remove horizontal and vertical lines of any length that are thinner than the writing, but not what crosses them.

    The box on a form is an example, if a digit touches it. Returns None if there are no such lines.
    """
    if max(ink.shape) <= SMALL_SIZE:
        return None
    mask = ink > 0
    reach = int(_SHORTEST_THIN_LINE * stroke_width(mask)) | 1
    rows, columns = _lines(mask, reach), _lines(mask.T, reach)
    writing = mask & ~_mask_of(rows, mask) & ~_mask_of(columns, mask.T).T
    width = max([stroke_width(writing), *(line.thickness for line in (*rows, *columns))])
    thin_rows, thin_columns = _thin_lines(rows, mask, width), _thin_lines(columns, mask.T, width)
    if not thin_rows and not thin_columns:
        return None
    return np.where(_mask_of(thin_rows, mask) | _mask_of(thin_columns, mask.T).T, np.uint8(0), ink)


def without_base_line(ink: Pixels) -> Pixels | None:
    """Remove thin horizontal lines that extend beyond the writing on both sides; return None if there are none.

    Lines from edge to edge are left to `without_ruled_lines`.
    """
    box = bounding_box(ink)
    if box is None or max(ink.shape) <= SMALL_SIZE or box[3] - box[1] >= _EDGE_TO_EDGE * ink.shape[1]:
        return None
    region = slice(box[0], box[2]), slice(box[1], box[3])
    mask = ink[region] > 0
    # Most digits are taller at one of their sides, which is found much faster than lines are.
    sides = mask[:, : 1 + mask.shape[1] // 50], mask[:, -1 - mask.shape[1] // 50 :]
    if any(np.count_nonzero(side.any(axis=1)) > _MAX_LINE_END * mask.shape[0] for side in sides):
        return None
    rows = _lines(mask, int(_SHORTEST_THIN_LINE * stroke_width(mask)) | 1)
    width = max([stroke_width(mask & ~_mask_of(rows, mask)), *(line.thickness for line in rows)])
    lines = _wide_lines(_thin_lines(rows, mask, width), mask)
    if not lines:
        return None
    written = ink.copy()
    written[region][_mask_of(lines, mask)] = 0
    return written


def _thin_lines(lines: Sequence[_Line], mask: Mask, writing_width: float) -> list[_Line]:
    """Return the lines that are thinner than the writing; an arc is crossed by strokes nearly everywhere."""
    return [
        line
        for line in lines
        if line.thickness < _MAX_LINE_WIDTH * writing_width
        and (line.pixels & mask[line.box]).any(axis=0).mean() >= _MIN_LINE
    ]


def _wide_lines(lines: Sequence[_Line], mask: Mask) -> list[_Line]:
    """Return the lines that extend beyond the writing on both sides."""
    heights = np.count_nonzero(mask & ~_mask_of(lines, mask), axis=0)
    wide_lines = []
    for line in lines:
        columns = np.flatnonzero(heights > line.thickness)
        start, stop = line.box[1].start, line.box[1].stop
        if columns.size and start < columns[0] - line.thickness and stop > columns[-1] + 1 + line.thickness:
            wide_lines.append(line)
    return wide_lines


def _ruled_lines(mask: Mask, rim: Mask) -> Mask:
    """Return a mask of the ruled horizontal lines, including their faint edges."""
    lines = _lines(mask, int(_SHORTEST_RUN * mask.shape[1]) | 1, rim)
    writing_width = stroke_width(mask & ~_mask_of(lines, mask))
    max_thickness = max(_MAX_LINE_WIDTH * writing_width, _MAX_HAIRLINE_WIDTH * max(mask.shape))
    if len(lines) < _MIN_PARALLEL_LINES:
        lines = [line for line in lines if line.thickness < max_thickness]
    return _mask_of(lines, mask)


def _mask_of(lines: Sequence[_Line], mask: Mask) -> Mask:
    """Return where the lines are in a mask (h, w)."""
    covered = np.zeros(mask.shape, bool)
    for line in lines:
        covered[line.box] |= line.pixels
    return covered


def _lines(mask: Mask, reach: int, rim: Mask | None = None) -> list[_Line]:
    """Return the horizontal lines with straight runs of `reach` pixels; with a `rim`, those with both ends on it."""
    # Dilation gives tilted lines straight runs, and closes gaps of up to four pixels that noise leaves in faint lines.
    dilated = ndimage.maximum_filter(mask.view(np.uint8), size=(3, 5))
    runs = ndimage.maximum_filter1d(ndimage.minimum_filter1d(dilated, reach, axis=1), reach, axis=1)
    components, _ = ndimage.label(runs, structure=np.ones((3, 3)))
    lines = []
    for label, box in enumerate(ndimage.find_objects(components), start=1):
        component = components[box] == label
        if rim is not None:
            at_rim = np.flatnonzero((component & rim[box]).any(axis=0))
            if not at_rim.size or at_rim[0] >= reach or at_rim[-1] < component.shape[1] - reach:
                continue
        line_mask = mask[box] & component
        if not line_mask.any():
            continue
        starts = np.count_nonzero(line_mask[1:] & ~line_mask[:-1], axis=0) + line_mask[0]
        thickness = float(np.quantile((np.count_nonzero(line_mask, axis=0) / np.maximum(starts, 1))[starts > 0], 0.25))
        # A crossing stroke is much taller than the line.
        crossings = ndimage.binary_opening(mask[:, box[1]], np.ones((int(thickness) + 3, 1)))[box[0]]
        lines.append(_Line(box, component & ~crossings, thickness))
    return lines
