"""Ink on unevenly lit paper, found by comparing each pixel with the paper around it."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image
from scipy import ndimage

from core.ink.depth import DIMMEST_BOARD, DIMMEST_PAPER, SMALL_SIZE, as_ink, missing_light
from core.ink.drawing import Pixels, Plane
from core.ink.picture_file import shrink_factor

_BACKGROUND_SIZE = 64  # pixels; longest side of the reduced picture in which the paper's brightness is estimated
_POLARITY_SIZE = 32  # likewise, to tell dark ink from light; 64 gives the same results but takes 13 times as long
_NEIGHBOURHOOD = 0.6  # of the picture's longest side; ink differs from the median of its neighbourhood
_WIDEST_STROKE = 0.35  # of the picture's longest side; anything wider is paper, not a stroke


def ink_on_uneven_paper(grey: Plane) -> Pixels:
    """Return the ink of a picture (h, w), 0..255, dark on light or light on dark."""
    return dark_ink(grey) if _is_dark_on_light(grey) else dark_ink(255 - grey, DIMMEST_BOARD)


def dark_ink(grey: Plane, dimmest: float = DIMMEST_PAPER) -> Pixels:
    """Return the ink of a picture whose ink is darker than its background; light below `dimmest` is noise."""
    small = max(grey.shape) <= SMALL_SIZE
    depth = missing_light(grey, _paper(grey), dimmest)
    if not small:
        depth = ndimage.uniform_filter(depth, 3)
    # Paper covers at least a quarter of the picture.
    return as_ink(depth, float(np.percentile(depth, 25)), small=small)


def _is_dark_on_light(grey: Plane) -> bool:
    """Return whether the ink is darker than its background.

    Ink differs from the median of its neighbourhood, is sharp, and differs from the background on both sides; the edge
    of a shadow differs on one side only.
    """
    # In a shadow, ink and paper lose the same fraction of their light, so their logarithms differ by the same amount.
    small = np.log(np.maximum(mean_blocks(grey, _POLARITY_SIZE), DIMMEST_PAPER))
    window = int(max(small.shape) * _NEIGHBOURHOOD) | 1
    difference = small - ndimage.median_filter(small, size=window, mode="nearest")
    patches = sliding_window_view(np.pad(small, 1, mode="edge"), (3, 3)).reshape(*small.shape, 9)
    neighbours, opposites = patches[..., :4], patches[..., :4:-1]
    darker = np.maximum(0, np.minimum(neighbours, opposites).max(axis=-1) - small)
    lighter = np.maximum(0, small - np.maximum(neighbours, opposites).min(axis=-1))
    # Ink that runs off the edge of the picture has background on one side only.
    sharpness = np.abs(small - patches.mean(axis=-1))
    votes = np.minimum(difference, 0) * (darker + sharpness) + np.maximum(difference, 0) * (lighter + sharpness)
    return bool(votes.sum() <= 0)


def _paper(grey: Plane) -> Plane:
    """Return the brightness of the paper as if it were blank, with the edges of shadows preserved."""
    small = mean_blocks(grey, _BACKGROUND_SIZE)
    reach = int(max(small.shape) * _WIDEST_STROKE) // 2
    padded = np.pad(small, reach, mode="edge")
    closed = ndimage.grey_closing(padded, size=2 * reach + 1)[reach:-reach, reach:-reach] if reach else small
    if small.shape == grey.shape:
        return closed
    return np.asarray(Image.fromarray(closed).resize(grey.shape[::-1], Image.Resampling.BILINEAR))


def mean_blocks(plane: Plane, longest: int) -> Plane:
    """Shrink a plane to at most `longest` pixels on each side; each pixel is the mean of a square block."""
    factor = shrink_factor(plane.shape, longest)
    return plane if factor == 1 else np.asarray(Image.fromarray(plane).reduce(factor))
