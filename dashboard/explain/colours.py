"""Colours of maps on a black background: activations of both signs, and ink for and against a digit."""

from __future__ import annotations

import numpy as np

from core.ink.drawing import Pixels

_POSITIVE_COLOUR = "#5fe0cc"
_NEGATIVE_COLOUR = "#f2915c"
FOR_COLOUR = "#ff4d4d"
AGAINST_COLOUR = "#4d9dff"
_ADDED_COLOUR = "#37d67a"

_FAINT_INK = 0.28
"""Brightness of ink under a map, so that ink without any effect stays visible."""


def activation_picture(values: np.ndarray, limit: float) -> Pixels:
    """Colour a feature map (h, w): teal if positive, orange if negative, black at 0; full colour at `limit`."""
    return _signed_picture(values, limit, _POSITIVE_COLOUR, _NEGATIVE_COLOUR, np.zeros((*values.shape, 1)))


def attribution_picture(values: np.ndarray, image: Pixels) -> Pixels:
    """Colour an image (28, 28) by a map (28, 28): red for the digit, blue against it, over faint ink."""
    ink = _FAINT_INK * image[..., np.newaxis].astype(np.float64)
    return _signed_picture(values, float(np.abs(values).max()), FOR_COLOUR, AGAINST_COLOUR, ink)


def change_picture(before: Pixels, after: Pixels) -> Pixels:
    """Show the image after a change: added ink is green, removed ink red."""
    change = after.astype(np.float64) - before
    kept_ink = np.minimum(before, after)[..., np.newaxis].astype(np.float64)
    return _signed_picture(change, 255, _ADDED_COLOUR, FOR_COLOUR, kept_ink)


def _signed_picture(values: np.ndarray, limit: float, positive: str, negative: str, base: np.ndarray) -> Pixels:
    strength = np.clip(values / max(limit, np.finfo(np.float32).tiny), -1, 1)[..., np.newaxis]
    colour = np.where(strength > 0, _rgb(positive), _rgb(negative))
    mixed_colour = base * (1 - np.abs(strength)) + colour * np.abs(strength)
    return mixed_colour.round().astype(np.uint8)


def _rgb(colour: str) -> np.ndarray:
    return np.frombuffer(bytes.fromhex(colour[1:]), np.uint8).astype(np.float64)
