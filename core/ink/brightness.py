"""Brightness of a picture, with a background behind its transparent pixels, and its most telling colour."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

from core.ink.depth import FAINTEST_INK, Mask
from core.ink.drawing import Pixels

_MIN_CONTRAST = 64  # of 255; writing differs from a card's rim by at least this much
_MIN_WRITTEN_FRACTION = 0.02  # of a card's area; specks on strokes of a single colour cover less


def brightness(array: Pixels) -> Pixels:
    """Return the brightness (h, w); transparent pixels get a brightness that contrasts with the rest."""
    if array.ndim == 2:
        return array
    if array.shape[2] == 1:
        return array[..., 0]
    grey = np.asarray(Image.fromarray(np.ascontiguousarray(array[..., :3])).convert("L"))
    if array.shape[2] == 3 or int(array[..., 3].min()) == int(array[..., 3].max()):
        return grey
    alpha = array[..., 3].astype(np.float32) / 255
    visible = grey[alpha > 0.5]
    if not visible.size or int(np.ptp(visible)) < 255 * FAINTEST_INK:
        # A single colour on a transparent background: only the alpha channel holds the shape.
        return (255 * (1 - alpha)).astype(np.uint8)
    paper = _card_rim_brightness(grey, alpha > 0.5)
    if paper is None:
        paper = float(np.median(visible)) if visible.size > 0.5 * grey.size else 255.0 * (visible.mean() < 128)
    return (grey * alpha + paper * (1 - alpha)).astype(np.uint8)


def has_colours(array: Pixels) -> bool:
    """Return whether a picture has channels of colour, all of whose pixels are visible."""
    return array.ndim == 3 and (array.shape[2] == 3 or (array.shape[2] == 4 and int(array[..., 3].min()) == 255))


def most_varied_channel(array: Pixels) -> Pixels:
    """Return the channel (h, w) of red, green and blue that varies most: the one in which ink and paper differ most."""
    return np.ascontiguousarray(array[..., int(array[..., :3].std(axis=(0, 1)).argmax())])


def _card_rim_brightness(grey: Pixels, opaque: Mask) -> float | None:
    """Return the brightness along the rim of an opaque card or sticker; None if only the ink is opaque."""
    rim = grey[opaque & ~ndimage.binary_erosion(opaque, iterations=2, border_value=1)].astype(np.float32)
    if not rim.size:
        return None
    typical = float(np.median(rim))
    written_fraction = np.mean(np.abs(grey[opaque].astype(np.float32) - typical) > _MIN_CONTRAST)
    is_even = np.percentile(np.abs(rim - typical), 75) < _MIN_CONTRAST
    return typical if is_even and written_fraction > _MIN_WRITTEN_FRACTION else None
