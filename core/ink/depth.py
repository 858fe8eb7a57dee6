"""Detection of ink, as light that is missing from the paper, and of the components that form the digit."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from core.ink.drawing import Pixels, Plane, bounding_box

Mask = NDArray[np.bool_]

SMALL_SIZE = 64
"""Size in pixels up to which grey levels belong to a digit's shape, as in MNIST; in larger pictures, they are blur."""

FAINTEST_INK = 0.12
"""Minimum fraction of the paper's light that ink absorbs; less is dirt, paper texture or a compression artefact."""

DIMMEST_PAPER = 48.0
"""Lowest brightness 0..255 assumed for paper under dark ink; differences in a deeper shadow are noise."""

DIMMEST_BOARD = 128.0
"""Lowest darkness 0..255 assumed for a board under light ink, such as chalk."""

_MIN_MARK_DEPTH = 3.5  # times the paper's grain; fainter marks are noise, and the ink as a whole must be twice as deep
_SHORTEST_INK = 0.025  # of the picture's longest side; ink without a component this long is dust
_MASSIVE_RATIO = 4  # times the inner components' ink per unit of length; a table or a shadow at the edge has more


def missing_light(grey: Plane, paper: Plane | np.float32, dimmest: float) -> Plane:
    """Return the fraction 0..1 of the paper's light that is missing, in a picture with values 0..255.

    `dimmest`: the lowest brightness assumed for the paper, below which light is noise.
    """
    depth: Plane = np.clip((paper - grey) / np.maximum(paper, dimmest), 0, 1)
    return depth


def as_ink(depth: Plane, grain: float, *, small: bool) -> Pixels:
    """Turn missing light into ink; `grain` is the typical depth of the blank paper."""
    faintest = _MIN_MARK_DEPTH * grain
    candidates = depth[depth > max(FAINTEST_INK / 2, faintest)]
    full_depth = _nearly_deepest(candidates) if candidates.size else 0.0
    if full_depth < max(FAINTEST_INK, 2 * faintest):
        return np.zeros(depth.shape, np.uint8)
    low, high = (min(faintest, 0.3 * full_depth), full_depth) if small else (0.35 * full_depth, 0.65 * full_depth)
    return (np.clip((depth - low) / (high - low), 0, 1) * 255 + 0.5).astype(np.uint8)


def _nearly_deepest(depths: Plane) -> float:
    """Return the 99th percentile of the depths."""
    deepest = depths.max()
    # A drawing's ink has a single depth, and counting its pixels is much faster than sorting.
    if np.count_nonzero(depths == deepest) > 0.01 * depths.size + 1:
        return float(deepest)
    return float(np.percentile(depths, 99))


def touches_edge(ink: Pixels) -> bool:
    """Return whether there is ink at the picture's edge."""
    return bool(ink[0].any() or ink[-1].any() or ink[:, 0].any() or ink[:, -1].any())


def without_foreign_ink(ink: Pixels) -> Pixels:
    """Return the ink without a thumb, table or shadow that reaches in from the edge."""
    if max(ink.shape) > SMALL_SIZE and touches_edge(ink):
        inner_ink = _inner_components(ink)
        if not is_dust(inner_ink) and _is_foreign(ink - inner_ink, inner_ink):
            return inner_ink
    return ink


def is_dust(ink: Pixels) -> bool:
    """Return True if no component of the ink is long enough to be a stroke, or if there is no ink."""
    length = _SHORTEST_INK * max(ink.shape)
    # Most drawings have a column of ink this long, which is found much faster than the components.
    return not runs(ink > 127, math.ceil(length)).any() and _longest_component(ink) < length


def _is_foreign(outer_ink: Pixels, inner_ink: Pixels) -> bool:
    """Return whether ink at the edge is foreign to the digit: shorter than the inner ink, or far more massive."""
    outer_length, inner_length = _longest_component(outer_ink), _longest_component(inner_ink)
    if inner_length > outer_length:
        return True
    outer_area, inner_area = np.count_nonzero(outer_ink > 127), np.count_nonzero(inner_ink > 127)
    return bool(outer_area * inner_length > _MASSIVE_RATIO * inner_area * outer_length)


def _inner_components(ink: Pixels) -> Pixels:
    """Return the ink of all components that do not touch the picture's edge."""
    components, count = ndimage.label(ink > 0, structure=np.ones((3, 3)))
    rim = np.unique(np.concatenate([components[0], components[-1], components[:, 0], components[:, -1]]))
    return np.where(np.isin(np.arange(count + 1), rim[rim > 0])[components], np.uint8(0), ink)


def runs(mask: Mask, length: int) -> Mask:
    """Return where runs of `length` true pixels begin in each column of a mask: (h - length + 1, w), or empty."""
    starts, run_length = mask, 1
    while run_length < length:
        step = min(run_length, length - run_length)
        starts, run_length = starts[step:] & starts[:-step], run_length + step
    return starts


def _longest_component(ink: Pixels) -> int:
    """Return the height or width in pixels of the longest component."""
    box = bounding_box(ink)
    if box is None:
        return 0
    components, _ = ndimage.label(ink[box[0] : box[2], box[1] : box[3]] > 127, structure=np.ones((3, 3)))
    return max((side.stop - side.start for sides in ndimage.find_objects(components) for side in sides), default=0)
