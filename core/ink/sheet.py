"""The sheet of paper in a photo: found on a darker background and cut out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from core.ink.depth import Mask
from core.ink.drawing import Plane
from core.ink.picture_file import shrink_factor

MIN_SHEET_FRACTION = 0.12
"""Minimum fraction of the picture that a sheet covers."""

_BINS = 64  # of the histogram that separates paper from table
_SIZE = 128  # pixels; longest side of the small picture in which the sheet is searched for
_OUTLINE_BLUR = 2  # pixels there; how far the outline is blurred on either side
_BRIDGE = 4  # pixels there; strokes and ruled lines up to twice this width that divide the paper are bridged
_MIN_CONTRAST = 0.12  # of the sheet's brightness, lost just beyond its edge; lamplight never falls off this fast
_SOFT_EDGE = 0.3  # fraction of the edge that may have less contrast
_MIN_HULL_FILL = 0.85  # of the convex hull; a sheet and its largest quadrilateral fill more, but few cropped digits do


@dataclass(frozen=True)
class Sheet:
    """A sheet in a picture: its `box` (top, left, bottom, right), and the brightness `grey` and mask `inside` in it.

    Outside the mask, `grey` repeats the nearest paper.
    """

    box: tuple[int, int, int, int]
    grey: Plane
    inside: Mask


def find_sheet(grey: Plane) -> Sheet | None:
    """Return the largest bright sheet in a picture (h, w), 0..255, or None.

    If a sheet lies half in a hard shadow, its lit half looks like a sheet, so the digit may lie outside it.
    """
    factor = shrink_factor(grey.shape, _SIZE)
    small = np.asarray(Image.fromarray(grey).reduce(factor))
    outline = _outline(small)
    if outline is None:
        return None
    inside = ndimage.binary_erosion(outline, iterations=_OUTLINE_BLUR, border_value=1)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not rows.size:
        return None
    nearest = ndimage.distance_transform_edt(~inside, return_distances=False, return_indices=True)
    paper = small[tuple(nearest)]
    box = (
        int(rows[0]) * factor,
        int(columns[0]) * factor,
        min((int(rows[-1]) + 1) * factor, grey.shape[0]),
        min((int(columns[-1]) + 1) * factor, grey.shape[1]),
    )
    region = slice(box[0], box[2]), slice(box[1], box[3])
    mask = _enlarge(inside, factor)[region]
    return Sheet(box, np.where(mask, grey[region], _enlarge(paper, factor)[region]).astype(np.float32), mask)


def _outline(small: Plane) -> Mask | None:
    """Return the sheet and everything written on it as a mask of the small picture."""
    component = _largest_bright_component(small, otsu_threshold(small))
    return component if component is not None and _is_sheet(component, small) else None


def _largest_bright_component(small: Plane, threshold: float) -> Mask | None:
    """Return the largest component above a threshold, with holes and thin cuts filled and thin attachments removed."""
    components, count = ndimage.label(small > threshold)
    if not count:
        return None
    largest = components == 1 + int(np.argmax(np.bincount(components.ravel())[1:]))
    # The sheet may extend beyond the picture.
    margin = 2 * _BRIDGE
    closed = ndimage.binary_closing(np.pad(largest, margin, mode="edge"), np.ones((3, 3)), iterations=_BRIDGE)
    opened = ndimage.binary_opening(ndimage.binary_fill_holes(closed), iterations=_OUTLINE_BLUR)
    component: Mask = opened[margin:-margin, margin:-margin]
    return component


def _is_sheet(component: Mask, small: Plane) -> bool:
    """Return whether a bright component is large, with four straight sides and a sharp edge to something darker."""
    if component.mean() < MIN_SHEET_FRACTION or not _has_straight_sides(component):
        return False
    eroded = ndimage.binary_erosion(component, iterations=_OUTLINE_BLUR, border_value=1)
    dilated = ndimage.binary_dilation(component, iterations=_OUTLINE_BLUR)
    edge = ndimage.binary_dilation(dilated) & ~dilated
    if not eroded.any() or not edge.any():
        return False
    nearest = ndimage.distance_transform_edt(~eroded, return_distances=False, return_indices=True)
    inside = small[tuple(nearest)][edge]
    return bool(np.quantile(1 - small[edge] / np.maximum(inside, 1), _SOFT_EDGE) >= _MIN_CONTRAST)


def _has_straight_sides(mask: Mask) -> bool:
    """Return whether the mask, and the largest quadrilateral in its convex hull, fill nearly all of the hull."""
    # Importing SciPy's geometry module takes 50 ms, so only pictures with a bright component pay for it.
    from scipy.spatial import ConvexHull

    rows = np.flatnonzero(mask.any(axis=1))
    first, last = mask[rows].argmax(axis=1), mask.shape[1] - mask[rows, ::-1].argmax(axis=1)
    sides = np.concatenate([np.stack([rows + step, ends], axis=1) for step in (0, 1) for ends in (first, last)])
    hull = ConvexHull(sides)
    corners = sides[hull.vertices].astype(float)
    return bool(min(_largest_quadrilateral_area(corners), mask.sum()) >= _MIN_HULL_FILL * hull.volume)


def _largest_quadrilateral_area(corners: NDArray[np.float64]) -> float:
    """Return the area of the largest quadrilateral between four of a convex polygon's corners: (n, 2), in order."""
    y, x = corners.T
    # Twice the signed area of the triangle that corner k forms with the diagonal from i to j.
    triangle = (x[None, :, None] - x[:, None, None]) * (y[None, None, :] - y[:, None, None]) - (
        y[None, :, None] - y[:, None, None]
    ) * (x[None, None, :] - x[:, None, None])
    return float((triangle.max(axis=2) - triangle.min(axis=2)).max() / 2)


def otsu_threshold(small: Plane) -> float:
    """Return the threshold that best separates the brightness values into two classes (Otsu, 1979)."""
    if small.min() == small.max():
        return float(small.flat[0])
    # scikit-image has the same function, but this module is also exported with models and should not need it.
    histogram, edges = np.histogram(small, _BINS)
    counts, centres = histogram.astype(np.float32), (edges[:-1] + edges[1:]) / 2
    below, above = np.cumsum(counts), np.cumsum(counts[::-1])[::-1]
    mean_below = np.cumsum(counts * centres) / below
    mean_above = np.cumsum((counts * centres)[::-1])[::-1] / above
    variance = below[:-1] * above[1:] * (mean_below[:-1] - mean_above[1:]) ** 2
    return float(centres[np.argmax(variance)])


def _enlarge(small: NDArray, factor: int) -> NDArray:
    return small.repeat(factor, axis=0).repeat(factor, axis=1)
