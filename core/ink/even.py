"""Ink on paper of uniform brightness: drawings, screenshots, scans and close crops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from core.ink.depth import DIMMEST_BOARD, DIMMEST_PAPER, FAINTEST_INK, SMALL_SIZE, as_ink, missing_light
from core.ink.drawing import Pixels, Plane, stroke_width

_MAX_INK_ON_RIM = 0.3  # of the rim; bold digits without a margin cover 0.27, shadows across a corner 0.38 or more
_MAX_OPPOSITE_CONTRAST = 0.2  # of the contrast; paper with lighter patches beside dark ink, or vice versa, is uneven
_MIN_STROKE_WIDTH = 2.0  # pixels; thinner strokes are the dots of dithered grey paper
_PEN_CONTRAST = 0.65  # of the contrast; between this and FAINTEST_INK lie blurred edges, ruled lines and shadows


def ink_on_even_paper(grey: Pixels | Plane) -> Pixels | None:
    """Return all ink in a picture (h, w), 0..255, on uniformly bright paper; None if the paper varies or is blank.

    Most of the rim must be paper; the ink may be darker or lighter, and may touch the edges.
    """
    region = _surroundings_of_ink(grey)
    crop = np.ascontiguousarray(grey[region])
    crop_ink = _drawn_ink(crop.astype(np.uint8, copy=False)) if crop.dtype == np.uint8 else None
    if crop_ink is None:
        crop_ink = _noisy_ink(crop.astype(np.float32, copy=False), small=max(grey.shape) <= SMALL_SIZE)
    if crop_ink is None or crop_ink.shape == grey.shape:
        return crop_ink
    ink = np.zeros(grey.shape, np.uint8)
    ink[region] = crop_ink
    return ink


def _surroundings_of_ink(grey: Pixels | Plane) -> tuple[slice, slice]:
    """Return the bounding box of all pixels that differ from the top left one, with a margin of two pixels."""
    marked = grey != grey[0, 0]
    rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    if not rows.size:
        return slice(None), slice(None)
    return slice(max(0, rows[0] - 2), rows[-1] + 3), slice(max(0, columns[0] - 2), columns[-1] + 3)


def _drawn_ink(grey: Pixels) -> Pixels | None:
    """Return the ink of a noise-free picture with all its grey levels, as on the canvas it was drawn on."""
    rim_levels = rim(grey)
    paper = int(np.bincount(rim_levels).argmax())
    picture = Image.fromarray(grey)
    lowest, highest = int(grey.min()), int(grey.max())
    if lowest < paper < highest or np.count_nonzero(rim_levels != paper) > _MAX_INK_ON_RIM * rim_levels.size:
        return None
    contrast = max(paper - lowest, highest - paper)
    light, dimmest = (paper, DIMMEST_PAPER) if lowest < paper else (255 - paper, DIMMEST_BOARD)
    if contrast < FAINTEST_INK * max(light, dimmest):
        return None
    difference = np.minimum(np.abs(np.arange(256) - paper), contrast)
    areas = np.bincount(difference, picture.histogram())
    faint, pen = areas[1 : round(FAINTEST_INK * contrast)].sum(), areas[round(_PEN_CONTRAST * contrast) :].sum()
    edges = areas[1:].sum() - faint - pen
    if edges > pen or (2 * faint > edges and _has_separate_marks(np.abs(grey.astype(int) - paper), contrast)):
        return None
    if not edges and stroke_width(grey != paper) < _MIN_STROKE_WIDTH:  # dithering
        return None
    return np.asarray(picture.point((difference * (255 / contrast) + 0.5).astype(int).tolist()))


def _has_separate_marks(difference: NDArray[np.int_], contrast: int) -> bool:
    """Return True if faint marks lie apart from the ink, as compression artefacts do; soft edges touch the ink."""
    near_ink = ndimage.binary_dilation(difference >= round(FAINTEST_INK * contrast), np.ones((3, 3)))
    return bool(((difference > 0) & ~near_ink).any())


def _noisy_ink(grey: Plane, *, small: bool) -> Pixels | None:
    """Return the ink of any other picture on paper of uniform brightness."""
    smooth = grey if small else ndimage.uniform_filter(grey, 3)
    rim_levels = rim(smooth)
    paper = np.float32(np.median(rim_levels))
    below, above = float(paper - smooth.min()), float(smooth.max() - paper)
    contrast = max(below, above)
    on_rim = np.count_nonzero(np.abs(rim_levels - paper) > _PEN_CONTRAST * contrast / 2)
    if min(below, above) > _MAX_OPPOSITE_CONTRAST * contrast or on_rim > _MAX_INK_ON_RIM * rim_levels.size:
        return None
    if above > below:
        smooth, paper = 255 - smooth, 255 - paper
    depth = missing_light(smooth, paper, DIMMEST_PAPER if below > above else DIMMEST_BOARD)
    deepest = depth.max()
    marks, pen = (np.count_nonzero(depth > fraction * deepest) for fraction in (FAINTEST_INK, _PEN_CONTRAST))
    if marks > 2 * pen:
        return None
    ink = as_ink(depth, 0.0, small=small)
    return ink if ink.any() else None


def rim(plane: Pixels | Plane) -> Pixels | Plane:
    """Return the outermost pixels of a plane."""
    return np.concatenate([plane[0], plane[-1], plane[1:-1, 0], plane[1:-1, -1]])
