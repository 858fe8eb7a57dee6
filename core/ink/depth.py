"""Find the ink: the light that is missing from the paper, and the components of it that are the digit."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from core.ink.drawing import Pixels, Plane, bounding_box

Mask = NDArray[np.bool_]

SMALL_SIZE = 64
"""Pixels. Up to this size grey levels are part of the digit's shape, as in MNIST; beyond it they are blur or light."""

FAINTEST_INK = 0.12
"""Fraction of the paper's light that ink takes at least; less is dirt, paper texture or compression."""

DIMMEST_PAPER = 48.0
"""Brightness 0..255 under dark ink; a deeper shadow is noise."""

DIMMEST_BOARD = 128.0
"""Darkness 0..255 under light ink, such as chalk."""

_GRAIN = 3.5  # times the paper's usual depth; fainter marks are noise, and ink as a whole is twice as deep
_SHORTEST_INK = 0.025  # of the picture's longest side; if no part of the ink is this long, it is dust
_MASSIVE = 4  # times the ink per length of what lies within; a table or a shadow at the edge has more


def missing_light(grey: Plane, paper: Plane | np.float32, dimmest: float) -> Plane:
    """Return the fraction 0..1 of the paper's light that is missing, in a picture 0..255.

    Light below `dimmest` is noise.
    """
    depth: Plane = np.clip((paper - grey) / np.maximum(paper, dimmest), 0, 1)
    return depth


def as_ink(depth: Plane, usual: float, *, small: bool) -> Pixels:
    """Turn missing light into ink, on paper whose grain is usually this deep."""
    faintest = _GRAIN * usual
    candidates = depth[depth > max(FAINTEST_INK / 2, faintest)]
    full = _nearly_deepest(candidates) if candidates.size else 0.0
    if full < max(FAINTEST_INK, 2 * faintest):
        return np.zeros(depth.shape, np.uint8)
    low, high = (min(faintest, 0.3 * full), full) if small else (0.35 * full, 0.65 * full)
    return (np.clip((depth - low) / (high - low), 0, 1) * 255 + 0.5).astype(np.uint8)


def _nearly_deepest(depths: Plane) -> float:
    """Return the 99th percentile."""
    deepest = depths.max()
    # A drawing's ink has one depth, and counting it is much faster than sorting.
    if np.count_nonzero(depths == deepest) > 0.01 * depths.size + 1:
        return float(deepest)
    return float(np.percentile(depths, 99))


def touches_edge(ink: Pixels) -> bool:
    """Return whether there is ink at the picture's edge."""
    return bool(ink[0].any() or ink[-1].any() or ink[:, 0].any() or ink[:, -1].any())


def digit_alone(ink: Pixels) -> Pixels:
    """Return the ink without a thumb, table or shadow that reaches in from the edge."""
    if max(ink.shape) > SMALL_SIZE and touches_edge(ink):
        inner = _within(ink)
        if not is_dust(inner) and _is_foreign(ink - inner, inner):
            return inner
    return ink


def is_dust(ink: Pixels) -> bool:
    """Return whether no connected part of the ink is as high or wide as a stroke; True if there is no ink."""
    length = _SHORTEST_INK * max(ink.shape)
    # Most drawings have a column of ink this long, which is found much faster than the parts.
    return not runs(ink > 127, math.ceil(length)).any() and _longest_part(ink) < length


def _is_foreign(outer: Pixels, inner: Pixels) -> bool:
    """Return whether ink at the edge is no part of the digit within: it is shorter, or has far more ink a length."""
    long, short = _longest_part(outer), _longest_part(inner)
    if short > long:
        return True
    return bool(np.count_nonzero(outer > 127) * short > _MASSIVE * np.count_nonzero(inner > 127) * long)


def _within(ink: Pixels) -> Pixels:
    """Return the ink of all parts that do not touch the picture's edge."""
    parts, count = ndimage.label(ink > 0, structure=np.ones((3, 3)))
    rim = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    return np.where(np.isin(np.arange(count + 1), rim[rim > 0])[parts], np.uint8(0), ink)


def runs(mask: Mask, length: int) -> Mask:
    """Return where `length` true places down a column of a mask (h, w) begin: (h - length + 1, w), or no rows."""
    run, whole = mask, 1
    while whole < length:
        step = min(whole, length - whole)
        run, whole = run[step:] & run[:-step], whole + step
    return run


def _longest_part(ink: Pixels) -> int:
    """Return the height or width in pixels of the longest connected part."""
    box = bounding_box(ink)
    if box is None:
        return 0
    parts, _ = ndimage.label(ink[box[0] : box[2], box[1] : box[3]] > 127, structure=np.ones((3, 3)))
    return max((side.stop - side.start for part in ndimage.find_objects(parts) for side in part), default=0)
