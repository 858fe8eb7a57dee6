"""Changes to a drawing by a chosen amount, and the amount at which the prediction tips over."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage

from core.config import LIMITS
from core.explain.attribution import Probabilities
from core.ink.drawing import IMAGE_SIZE, Pixels, bounding_box

POINTS = 31
"""Number of values on a curve: one every 3 degrees for rotation."""

_FINE_SIDE = 112  # pixels; strokes are thickened or thinned on an image at least this large, four times 28
_SHARP_FROM = 0.5  # pixels of a 28x28 image; from this change in thickness on, the edges of strokes are fully redrawn
_NOISE_SEED = 18
"""Fixed seed, so that stronger noise has the same pattern."""


@dataclass(frozen=True)
class Stress:
    """One change: its range, the `neutral` value that changes nothing, and its unit.

    Pixels are those of a 28x28 image; on a larger canvas they grow with it.
    """

    name: str
    low: float
    high: float
    neutral: float
    unit: str


STRESSES: dict[str, Stress] = {
    stress.name: stress
    for stress in (
        Stress("rotation", -45, 45, 0, "degrees"),  # clockwise
        Stress("shift_right", -8, 8, 0, "pixels"),
        Stress("shift_down", -8, 8, 0, "pixels"),
        Stress("size", 0.5, 1.5, 1, "times"),
        Stress("thickness", -1, 1.5, 0, "pixels"),  # by which each edge of a stroke moves out
        Stress("slant", -40, 40, 0, "degrees"),  # to the right
        Stress("hidden_rows", -0.6, 0.6, 0, "of the height"),  # from the top if negative, else from the bottom
        Stress("hidden_columns", -0.6, 0.6, 0, "of the width"),  # from the left if negative, else from the right
        Stress("contrast", 0.1, 1, 1, "of full ink"),
        Stress("noise", 0, 0.5, 0, "of full ink"),  # standard deviation
    )
}


def apply_stress(ink: Pixels, values: Mapping[str, float]) -> Pixels:
    """Change ink uint8 (h, w), an image or a canvas, by values for STRESSES; missing values are neutral.

    Strokes are thickened first; then all geometric changes are applied as one mapping about the centre; then parts
    are hidden; contrast and noise come last.
    """
    amounts = {name: float(values.get(name, stress.neutral)) for name, stress in STRESSES.items()}
    unit = max(ink.shape) / IMAGE_SIZE
    changed_ink = _thicken(ink, amounts["thickness"], unit) if amounts["thickness"] else ink
    if any(amounts[name] != STRESSES[name].neutral for name in _GEOMETRIC_STRESSES):
        changed_ink = _warp(changed_ink, amounts, unit)
    changed_ink = _hide(changed_ink, amounts["hidden_rows"], amounts["hidden_columns"])
    if amounts["contrast"] == 1 and not amounts["noise"]:
        return changed_ink
    levels = changed_ink * amounts["contrast"]
    if amounts["noise"]:
        levels = levels + np.random.default_rng(_NOISE_SEED).standard_normal(ink.shape) * (255 * amounts["noise"])
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


_GEOMETRIC_STRESSES = ("rotation", "shift_right", "shift_down", "size", "slant")


def _thicken(ink: Pixels, amount: float, unit: float) -> Pixels:
    """Move the edges of strokes out by `amount` units of `unit` pixels, or in if it is negative."""
    factor = max(1, round(_FINE_SIDE / max(ink.shape)))
    fine = ndimage.zoom(ink.astype(np.float32), factor, order=1, grid_mode=True, mode="grid-constant")
    mask = fine > 127
    if not mask.any():
        return ink
    # Distance to the edge in pixels of the fine image, positive inside; the nearest pixels are half a pixel from it.
    inside, outside = ndimage.distance_transform_edt(mask), ndimage.distance_transform_edt(~mask)
    depth = np.where(mask, inside - 0.5, 0.5 - outside)
    edges = np.clip(depth + amount * unit * factor + 0.5, 0, 1) * 255
    height, width = ink.shape
    sharp = edges.reshape(height, factor, width, factor).mean(axis=(1, 3))
    # Soft edges become sharp gradually, so that a small change has a small effect.
    weight = min(abs(amount) / _SHARP_FROM, 1)
    return np.rint(weight * sharp + (1 - weight) * ink).astype(np.uint8)


def _warp(ink: Pixels, amounts: Mapping[str, float], unit: float) -> Pixels:
    """Slant, scale, rotate and shift about the centre, with one bilinear interpolation."""
    angle, lean = math.radians(amounts["rotation"]), math.tan(math.radians(amounts["slant"]))
    slant = np.array([[1, 0], [-lean, 1]])  # for (row, column): rows further up move to the right
    rotation = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    to_source = np.linalg.inv(rotation @ slant * amounts["size"])
    centre = (np.array(ink.shape) - 1) / 2
    shift = np.array([amounts["shift_down"], amounts["shift_right"]]) * unit
    offset = centre - to_source @ (centre + shift)
    warped = ndimage.affine_transform(ink.astype(np.float32), to_source, offset, order=1)
    return np.rint(warped).astype(np.uint8)


def _hide(ink: Pixels, rows: float, columns: float) -> Pixels:
    """Erase a fraction of the ink's bounding box from one side: the top or left if negative."""
    box = bounding_box(ink)
    if box is None or not (rows or columns):
        return ink
    top, left, bottom, right = box
    remaining_ink = ink.copy()
    for axis, (start, end, amount) in enumerate(((top, bottom, rows), (left, right, columns))):
        count = round((end - start) * abs(amount))
        part = slice(start, start + count) if amount < 0 else slice(end - count, end)
        remaining_ink[(part, slice(None)) if axis == 0 else (slice(None), part)] = 0
    return remaining_ink


@dataclass(frozen=True)
class StressCurve:
    """Predictions over the range of one change: `values` float64 (n,) and `probabilities` float32 (n, 10).

    `digit`: the prediction at the neutral value.
    """

    stress: Stress
    values: np.ndarray
    probabilities: np.ndarray

    @property
    def digit(self) -> int:
        """The predicted class at the neutral value."""
        return int(self.probabilities[self._neutral].argmax())

    @property
    def tipping_points(self) -> tuple[float | None, float | None]:
        """The values below and above the neutral one at which another digit takes over; None where none does."""
        neutral = self._neutral
        return self._first_change(range(neutral, -1, -1)), self._first_change(range(neutral, len(self.values)))

    @property
    def _neutral(self) -> int:
        return int(np.abs(self.values - self.stress.neutral).argmin())

    def _first_change(self, path: range) -> float | None:
        digit_probabilities = self.probabilities[:, self.digit]
        lead = digit_probabilities - np.delete(self.probabilities, self.digit, axis=1).max(axis=1)
        for before, after in pairwise(path):
            if lead[after] < 0:
                fraction = lead[before] / (lead[before] - lead[after])
                return float(self.values[before] + fraction * (self.values[after] - self.values[before]))
        return None


def stress_curve(
    probabilities: Probabilities, ink: Pixels, name: str, others: Mapping[str, float] | None = None
) -> StressCurve:
    """Return the predictions over the range of one change, at POINTS values and the neutral one.

    `others`: values of the other changes. `probabilities` gets the changed ink (n, h, w); for a canvas, it must
    prepare each drawing first.
    """
    stress = STRESSES[name]
    values = np.union1d(np.linspace(stress.low, stress.high, POINTS), [stress.neutral])
    images = np.stack([apply_stress(ink, {**(others or {}), name: value}) for value in values])
    return StressCurve(stress, values, probabilities(images))


def training_settings(values: Mapping[str, float]) -> dict[str, float]:
    """Return the augmentation settings that cover these changes within LIMITS; hidden parts and contrast have none."""
    amounts = {name: abs(value) for name, value in values.items()}
    settings = {
        "rotation": amounts.get("rotation", 0),
        "shift": max(amounts.get("shift_right", 0), amounts.get("shift_down", 0)) / IMAGE_SIZE,
        "zoom": math.expm1(abs(math.log(amounts.get("size", 1)))),
        "shear": amounts.get("slant", 0),
        "stroke": amounts.get("thickness", 0),
        "noise": amounts.get("noise", 0),
    }
    return {name: min(round(value, 3), LIMITS[name][1]) for name, value in settings.items() if value}
