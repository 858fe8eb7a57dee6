"""The sheet of paper in a photo: found on whatever darker thing it lies on, and cut out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from core.ink.depth import Mask
from core.ink.drawing import Plane
from core.ink.picture_file import shrink_factor

# The sheet is looked for on a picture of at most this size; so far from its outline, in pixels there, is its inside.
_SIZE, _OUTLINE = 128, 2
# A sheet takes at least this share of the picture, and what lies around it at least this share of the picture's rim.
_SMALLEST, _LEAST_RIM = 0.12, 0.08
# Right behind its edge it is darker by this share of the sheet's brightness; no lamp's light falls off so fast.
_LEAST_CONTRAST = 0.12
# Strokes and ruled lines that cut the paper up are bridged by twice as many pixels.
_BRIDGE = 4
# It takes at least this share of its convex hull: paper has no bays.
_SOLIDITY = 0.9


@dataclass(frozen=True)
class Sheet:
    """A sheet in a picture: its `box` (top, left, bottom, right), and there its brightness `grey` and mask `inside`.

    Outside, `grey` continues the paper as it is nearest by.
    """

    box: tuple[int, int, int, int]
    grey: Plane
    inside: Mask


def find_sheet(grey: Plane) -> Sheet | None:
    """The largest bright sheet in a picture (h, w), 0..255; None where nothing of the kind stands out.

    The lit part of a sheet that lies half in a hard shadow looks the same: what is looked for may lie elsewhere.
    """
    factor = shrink_factor(grey.shape, _SIZE)
    small = np.asarray(Image.fromarray(grey).reduce(factor))
    outline = _outline(small)
    if outline is None:
        return None
    inside = ndimage.binary_erosion(outline, iterations=_OUTLINE, border_value=1)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not rows.size:
        return None
    near = ndimage.distance_transform_edt(~inside, return_distances=False, return_indices=True)
    paper = ndimage.median_filter(small, 5, mode="nearest")[tuple(near)]
    box = (
        int(rows[0]) * factor,
        int(columns[0]) * factor,
        min((int(rows[-1]) + 1) * factor, grey.shape[0]),
        min((int(columns[-1]) + 1) * factor, grey.shape[1]),
    )
    place = slice(box[0], box[2]), slice(box[1], box[3])
    mask = _enlarged(inside, factor)[place]
    return Sheet(box, np.where(mask, grey[place], _enlarged(paper, factor)[place]).astype(np.float32), mask)


def _outline(small: Plane) -> Mask | None:
    """The sheet with all that is written on it, as a mask of the small picture."""
    # Light that falls off moves the level at which paper parts from table.
    found = (_largest_bright_part(small, _otsu(small) * share) for share in (1.0, 1.12, 0.88))
    return next((sheet for sheet in found if sheet is not None and _is_sheet(sheet, small)), None)


def _largest_bright_part(small: Plane, level: float) -> Mask | None:
    """The largest part above a level, its holes and thin cuts filled, thin things beside it taken off."""
    parts, count = ndimage.label(small > level)
    if not count:
        return None
    largest = parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    # Beyond the picture it goes on.
    margin = 2 * _BRIDGE
    grown = ndimage.binary_closing(np.pad(largest, margin, mode="edge"), np.ones((3, 3)), iterations=_BRIDGE)
    whole = ndimage.binary_opening(ndimage.binary_fill_holes(grown), iterations=2)
    part: Mask = whole[margin:-margin, margin:-margin]
    return part


def _is_sheet(part: Mask, small: Plane) -> bool:
    """Whether a bright part is large, solid, and ends at a sharp edge to something darker."""
    rim = np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])
    if part.mean() < _SMALLEST or 1 - rim.mean() < _LEAST_RIM or not _is_solid(part):
        return False
    within = ndimage.binary_erosion(part, iterations=_OUTLINE, border_value=1)
    beyond = ndimage.binary_dilation(part, iterations=_OUTLINE)
    if not within.any() or beyond.all():
        return False
    edge = ndimage.binary_dilation(beyond) & ~beyond
    near = ndimage.distance_transform_edt(~within, return_distances=False, return_indices=True)
    inside = small[tuple(near)][edge]
    return bool(edge.any() and np.quantile(1 - small[edge] / np.maximum(inside, 1), 0.3) >= _LEAST_CONTRAST)


def _is_solid(mask: Mask) -> bool:
    """Whether the mask takes nearly all of its convex hull."""
    # The hull of a part has its corners among the first and last pixels of rows; Pillow fills it.
    rows = np.flatnonzero(mask.any(axis=1))
    first, last = mask[rows].argmax(axis=1), mask.shape[1] - 1 - mask[rows, ::-1].argmax(axis=1)
    left = _lower_hull(rows, first)
    right = _lower_hull(rows, -last)
    width = -right - left + 1
    return bool(mask.sum() >= _SOLIDITY * width.sum())


def _lower_hull(places: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.float64]:
    """The largest convex function below the values, at the same places (Andrew's monotone chain, 1979)."""
    hull: list[tuple[int, int]] = []
    for point in zip(places.tolist(), values.tolist(), strict=True):
        while len(hull) > 1 and _turn(hull[-2], hull[-1], point) <= 0:
            hull.pop()
        hull.append(point)
    at, value = np.array(hull, float).T
    return np.interp(places, at, value)


def _turn(first: tuple[int, int], second: tuple[int, int], third: tuple[int, int]) -> int:
    """Positive where the way over three points turns towards larger values."""
    return (second[0] - first[0]) * (third[1] - first[1]) - (second[1] - first[1]) * (third[0] - first[0])


def _otsu(grey: Plane) -> float:
    """The level that parts brightness into the two classes that lie farthest apart (Otsu, 1979)."""
    counts, edges = np.histogram(grey, 64, (0, 256))
    middles = (edges[:-1] + edges[1:]) / 2
    below, mass = np.cumsum(counts), np.cumsum(counts * middles)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mass[-1] * below / below[-1] - mass) ** 2 / (below * above)
    return float(edges[1 + int(np.argmax(np.nan_to_num(between, posinf=0.0)[:-1]))])


def _enlarged(small: NDArray, factor: int) -> NDArray:
    return small.repeat(factor, axis=0).repeat(factor, axis=1)
