"""The surroundings of a digit on a form or a page: boxes, combs, corner marks, lines below it, and small print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from core.ink.depth import SMALL_SIZE, Mask
from core.ink.drawing import Pixels, bounding_box, stroke_width

_RUN = 4.0  # stroke widths; shorter runs of pixels also occur in curves
_MIN_STRAIGHT = 0.85  # of a component's ink; the rest are soft ends and corners
_EDGE_TO_EDGE = 0.95  # of the picture's width
_THIN = 0.7  # of the writing's stroke width; lines at least this wide may be strokes
_MIN_HEIGHT = 0.25  # of the lines' height; anything smaller is not what a box is for
_SHORTEST = 0.03  # of the picture's longest side; smaller components are dots or dust
_MAX_MARK = 0.35  # of the largest component's longest side; larger components may be digits
_MIN_GAP = 0.5  # of the same; closer marks, such as the bar of a 5, may be parts of the digit


@dataclass(frozen=True, eq=False)
class _Component:
    """A component of the ink: its `box` in the picture and its `mask` in the box."""

    box: tuple[slice, slice]
    mask: Mask

    @cached_property
    def width(self) -> float:
        """The stroke width in pixels."""
        return stroke_width(self.mask)

    @cached_property
    def horizontal(self) -> Mask:
        """The pixels in long horizontal runs."""
        return _straight_runs(self.mask, self.width)

    @cached_property
    def vertical(self) -> Mask:
        """The pixels in long vertical runs."""
        return _straight_runs(self.mask.T, self.width).T

    @property
    def is_straight(self) -> bool:
        """True if the component consists of lines along the axes, tilted by at most 10 degrees."""
        straight = np.count_nonzero(self.horizontal | self.vertical)
        return bool(straight >= _MIN_STRAIGHT * np.count_nonzero(self.mask))


def without_form_lines(ink: Pixels, *, certain: bool = True) -> Pixels | None:
    """Remove components that consist of straight lines around or below all other ink; return None if there are none.

    A vertical line may be a 1, unless it is thin and there are horizontal ones. Single lines from edge to edge are left
    to `without_ruled_lines`. `certain`: only lines that are thinner than the other ink or enclose it.
    """
    if max(ink.shape) <= SMALL_SIZE:
        return None
    components = _long_components(ink)
    widest = _EDGE_TO_EDGE * ink.shape[1]
    lines = [part for part in components if _is_form_line(part, widest)] if len(components) > 1 else []
    others = [part for part in components if part not in lines]
    if not lines or not others:
        return None
    thin = _THIN * max(part.width for part in others)
    lines += [part for part in others if part.width < thin and part.vertical.any() and part.is_straight]
    others = [part for part in others if part not in lines]
    if not _surround(lines, others):
        return None
    covered = np.zeros(ink.shape, bool)
    for part in lines:
        covered[part.box] |= part.mask
    are_certain = max(part.width for part in lines) < thin or _encloses(covered, others)
    # A corner beside a vertical line is an open 4, not a part of a form.
    if not are_certain and (certain or not _is_symmetric(lines, others)):
        return None
    return np.where(covered, np.uint8(0), ink)


def without_far_marks(ink: Pixels) -> Pixels | None:
    """Remove components that are small and far from the largest one, such as print; return None if there are none."""
    components, _ = ndimage.label(ink > 0, structure=np.ones((3, 3)))
    slices = ndimage.find_objects(components)
    if len(slices) < 2:
        return None
    starts, stops = np.array([[(side.start, side.stop) for side in sides] for sides in slices]).transpose(2, 0, 1)
    sizes = (stops - starts).max(axis=1)
    largest = int(sizes.argmax())
    gaps = np.maximum(starts - stops[largest], starts[largest] - stops).max(axis=1)
    is_mark = np.array([False, *(sizes < _MAX_MARK * sizes[largest]) & (gaps > _MIN_GAP * sizes[largest])])
    return np.where(is_mark[components], np.uint8(0), ink) if is_mark.any() else None


def _long_components(ink: Pixels) -> list[_Component]:
    """Return the components that are long enough to be lines or digits."""
    box = bounding_box(ink)
    if box is None:
        return []
    top, left, bottom, right = box
    labels, _ = ndimage.label(ink[top:bottom, left:right] > 0, structure=np.ones((3, 3)))
    shortest = _SHORTEST * max(ink.shape)
    return [
        _Component(
            (slice(top + rows.start, top + rows.stop), slice(left + columns.start, left + columns.stop)),
            labels[rows, columns] == label,
        )
        for label, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1)
        if max(rows.stop - rows.start, columns.stop - columns.start) >= shortest
    ]


def _is_form_line(part: _Component, widest: float) -> bool:
    """Return whether a component has a horizontal line, consists of lines, and is not a ruled line."""
    is_ruled_line = part.mask.shape[1] >= widest and not part.vertical.any()
    return bool(part.horizontal.any()) and not is_ruled_line and part.is_straight


def _surround(lines: Sequence[_Component], others: Sequence[_Component]) -> bool:
    """Return whether lines extend beyond the other ink on both sides, or lie below it; the bar of a 5 does neither."""
    top, left, bottom, right = _union(lines)
    other_top, other_left, other_bottom, other_right = _union(others)
    is_large = other_bottom - other_top >= _MIN_HEIGHT * (bottom - top)
    return is_large and ((left < other_left and right > other_right) or top >= other_bottom)


def _is_symmetric(lines: Sequence[_Component], others: Sequence[_Component]) -> bool:
    """Return whether vertical lines stand on both sides of the other ink, or on neither."""
    _, left, _, right = _union(others)
    vertical = [part.box[1].start + np.flatnonzero(part.vertical.any(axis=0)) for part in lines]
    columns = np.concatenate(vertical)
    return bool((columns < left).any() == (columns >= right).any())


def _union(components: Sequence[_Component]) -> tuple[int, int, int, int]:
    """Return the box that contains all of these components: top, left, bottom, right."""
    rows, columns = zip(*(part.box for part in components), strict=True)
    return (
        min(side.start for side in rows),
        min(side.start for side in columns),
        max(side.stop for side in rows),
        max(side.stop for side in columns),
    )


def _encloses(lines: Mask, others: Sequence[_Component]) -> bool:
    """Return whether all other ink lies in holes of the lines."""
    filled = ndimage.binary_fill_holes(lines)
    return all(bool(filled[part.box][part.mask].all()) for part in others)


def _straight_runs(mask: Mask, width: float) -> Mask:
    """Return the pixels of a mask that belong to long horizontal runs."""
    # Dilation gives tilted lines long runs.
    dilated = ndimage.maximum_filter1d(mask.view(np.uint8), 3, axis=0)
    length = round(_RUN * width) | 1
    starts = ndimage.minimum_filter1d(dilated, length, mode="constant")
    runs: Mask = (ndimage.maximum_filter1d(starts, length, mode="constant") > 0) & mask
    return runs
