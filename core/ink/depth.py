"""What counts as ink: how much of the paper's light is missing, and which parts of that are the digit."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from core.ink.drawing import Pixels, Plane

Mask = NDArray[np.bool_]

SMALL_SIZE = 64
"""Up to this size a pixel's grey is part of the digit's shape, as in MNIST; beyond, it is blur and lighting."""

FAINTEST_INK = 0.12
"""Ink takes at least this share of the paper's light; less is dirt, paper texture or compression."""

# Specks without any part as long as this share of the picture's longest side are dust.
_SHORTEST_INK = 0.025
# What has a part as long as this may be the digit, and what touches the picture's edge beside it a thumb or a table.
_SHORTEST_DIGIT = 0.06


def missing_light(grey: Plane, paper: Plane | np.float32, dimmest: float) -> Plane:
    """The share 0..1 of the paper's light that is missing, in a picture 0..255; light below `dimmest` is noise."""
    depth: Plane = np.clip((paper - grey) / np.maximum(paper, dimmest), 0, 1)
    return depth


def as_ink(depth: Plane, usual: float, grain: float, *, small: bool) -> Pixels:
    """Ink by its depth, on paper that has usually one depth, give or take its grain."""
    candidates = depth[depth > max(FAINTEST_INK / 2, usual + 3 * grain)]
    full = _nearly_deepest(candidates) if candidates.size else 0.0
    if full < max(FAINTEST_INK, usual + 6 * grain):
        return np.zeros(depth.shape, np.uint8)
    low, high = (min(usual + 3 * grain, 0.3 * full), full) if small else (0.35 * full, 0.65 * full)
    return (np.clip((depth - low) / (high - low), 0, 1) * 255 + 0.5).astype(np.uint8)


def _nearly_deepest(depths: Plane) -> float:
    """The 99th percentile."""
    deepest = depths.max()
    # A drawing's ink is of one depth, which is found much sooner than a place in an order.
    if np.count_nonzero(depths == deepest) > 0.01 * depths.size + 1:
        return float(deepest)
    return float(np.percentile(depths, 99))


def digit_alone(ink: Pixels, longest: int | None = None) -> Pixels:
    """The ink without what comes in from outside the picture, and nothing at all where only dust is left.

    `longest`: the picture's longest side, where the ink is only a part of it.
    """
    longest = longest or max(ink.shape)
    if longest > SMALL_SIZE and any(edge.any() for edge in (ink[0], ink[-1], ink[:, 0], ink[:, -1])):
        inner = _within(ink)
        if _has_part(inner, _SHORTEST_DIGIT * longest):
            return inner
    return ink if _has_part(ink, _SHORTEST_INK * longest) else np.zeros_like(ink)


def _within(ink: Pixels) -> Pixels:
    """The ink of all parts that do not touch the picture's edge."""
    parts, count = ndimage.label(ink > 0, structure=np.ones((3, 3)))
    rim = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    return np.where(np.isin(np.arange(count + 1), rim[rim > 0])[parts], np.uint8(0), ink)


def runs(mask: Mask, length: int) -> Mask:
    """Where in a mask (h, w) `length` true places down a column begin: (h - length + 1, w), no rows if it is lower."""
    run, whole = mask, 1
    while whole < length:
        step = min(whole, length - whole)
        run, whole = run[step:] & run[:-step], whole + step
    return run


def _has_part(ink: Pixels, length: float) -> bool:
    """Whether a connected part is so high or wide."""
    mask = ink > 127
    # A column of the mask that is true for so long is found much sooner than the parts.
    if runs(mask, math.ceil(length)).any():
        return True
    parts, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    sides = (side.stop - side.start for part in ndimage.find_objects(parts) for side in part)
    return max(sides, default=0) >= length
