"""Random variation of real pen strokes, so that one handwritten digit yields many plausible drawings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from scipy.ndimage import gaussian_filter1d

from core.handwriting.pen_digits import PenDigit
from core.handwriting.strokes.canvas import draw_until_ink
from core.handwriting.strokes.pen import HEIGHT, Strokes
from core.ink.drawing import IMAGE_SIZE, Pixels

_SLANT_DEGREES = 6.0
"""Standard deviation of the slant that is added to a digit's own, in degrees."""

_ROTATION_DEGREES = 3.0
"""Standard deviation of the rotation of a whole digit, in degrees."""

_STROKE_ROTATION_DEGREES = 4.0
"""Standard deviation of the rotation of one stroke about its centre, in degrees, for digits with several strokes."""

_STROKE_SHIFT = 0.025 * HEIGHT
"""Standard deviation of the shift of one stroke, for digits with several strokes."""

_STROKE_STRETCH = 0.08
"""Standard deviation of the logarithm of the factor by which one stroke is stretched."""

_WIDTH_STRETCH = 0.1
"""Standard deviation of the logarithm of the factor by which a digit becomes wider or narrower."""

_WARP = 0.012 * HEIGHT
"""Standard deviation of a smooth distortion of a whole digit, which changes the relative sizes of its parts."""

_MIN_SPACING, _MAX_SPACING = 0.03 * HEIGHT, 0.14 * HEIGHT
"""Smallest and largest distance between consecutive points, as in slow and fast writing."""

_MAX_SMOOTHING = 0.04 * HEIGHT
"""Largest standard deviation of the Gaussian that rounds off corners."""

_FINE_SPACING = 0.01 * HEIGHT
"""Distance between consecutive points while strokes are smoothed."""


def draw_variations(digits: Sequence[PenDigit], rng: np.random.Generator) -> Pixels:
    """Vary each digit, draw it with a random brush, size and position, and prepare it: images uint8 (n, 28, 28)."""
    images = np.empty((len(digits), IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for image, digit in zip(images, digits, strict=True):
        strokes = [np.asarray(stroke, float) for stroke in digit.strokes]
        image[:] = draw_until_ink(partial(vary, strokes), rng)
    return images


def vary(strokes: Strokes, rng: np.random.Generator) -> Strokes:
    """Return a variation of a digit's strokes, each an array of points float (k, 2), in a box HEIGHT tall.

    The y-axis points down. First, corners are rounded and strokes resampled. Then, if there are several strokes, each
    is rotated, stretched and moved. Finally, the whole digit is warped, slanted, stretched and rotated.
    """
    spacing = np.exp(rng.uniform(np.log(_MIN_SPACING), np.log(_MAX_SPACING)))
    smoothing = rng.random() ** 2 * _MAX_SMOOTHING
    lines = [_redraw(stroke, spacing, smoothing) for stroke in _normalise(strokes)]
    return _transform([_vary_stroke(line, rng) for line in lines] if len(lines) > 1 else lines, rng)


def _normalise(strokes: Strokes) -> Strokes:
    """Scale strokes to a box whose longer side is HEIGHT, centred at the origin."""
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = HEIGHT / max(float((high - low).max()), 1e-6)
    return [(np.asarray(stroke, float) - (low + high) / 2) * scale for stroke in strokes]


def _redraw(line: np.ndarray, spacing: float, smoothing: float) -> np.ndarray:
    """Round off the corners of a line, and return points (k, 2) that are about `spacing` apart."""
    if smoothing > _FINE_SPACING:
        fine = _resample(line, _FINE_SPACING)
        line = gaussian_filter1d(fine, smoothing / _FINE_SPACING, axis=0, mode="nearest")
    return _resample(line, spacing)


def _resample(line: np.ndarray, spacing: float) -> np.ndarray:
    """Return points (k, 2) along a line, evenly spaced; a dot stays a single point."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    distances = np.concatenate([[0.0], np.cumsum(steps)])
    if distances[-1] < 1e-6:
        return line[:1]
    positions = np.linspace(0, distances[-1], max(2, round(distances[-1] / spacing) + 1))
    return np.stack([np.interp(positions, distances, coordinate) for coordinate in line.T], axis=1)


def _vary_stroke(line: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rotate, stretch and move one stroke a little."""
    centre = line.mean(axis=0)
    rotation = _rotation(rng.normal(0, _STROKE_ROTATION_DEGREES))
    return (
        (line - centre) @ rotation * np.exp(rng.normal(0, _STROKE_STRETCH)) + centre + rng.normal(0, _STROKE_SHIFT, 2)
    )


def _transform(lines: Strokes, rng: np.random.Generator) -> Strokes:
    """Warp, slant, stretch and rotate a whole digit."""
    points = np.concatenate(lines)
    amount, phase = rng.normal(0, _WARP, 2), rng.uniform(0, 2 * np.pi, 2)
    points = points + amount * np.sin(points[:, ::-1] * (2 * np.pi / HEIGHT) + phase)
    slant = np.tan(np.radians(rng.normal(0, _SLANT_DEGREES)))
    shear = np.array([[np.exp(rng.normal(0, _WIDTH_STRETCH)), 0.0], [-slant, 1.0]])
    ends = np.cumsum([len(line) for line in lines])[:-1]
    return np.split(points @ shear @ _rotation(rng.normal(0, _ROTATION_DEGREES)), ends)


def _rotation(degrees: float) -> np.ndarray:
    """Return the matrix that rotates row vectors by `degrees`."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cosine, sine], [-sine, cosine]])
