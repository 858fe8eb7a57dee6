"""Conversion of a glyph's ideal lines to strokes that look handwritten."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Anchor = tuple[float, ...]
"""A point on a line: x, y (pointing down), and optionally a sharpness from 0 (round, the default) to 1 (a corner)."""

Line = list[Anchor]
"""The anchors of one line, in drawing order."""

Skeleton = list[Line]
"""The lines of one glyph, in drawing order; a digit or a capital letter is HEIGHT tall."""

Strokes = list[np.ndarray]
"""The strokes of one glyph: points (x, y), each float (k, 2). The y-axis points down."""

HEIGHT = 100.0

_UPRIGHT_CHANCE = 0.15
"""Chance of exactly upright handwriting, as in the boxes of a form."""


class Dice:
    """Random choices about a glyph's shape; `dice(low, high)` returns a uniform number in this range."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._random = rng.random

    def __call__(self, low: float, high: float) -> float:
        return low + (high - low) * self._random()

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self._random() < probability

    def pick(self, choices: Sequence[tuple[float, Style]]) -> Skeleton:
        """Return the skeleton of a random choice among (weight, style) pairs."""
        remaining = self._random() * sum(weight for weight, _ in choices)
        for weight, style in choices[:-1]:
            remaining -= weight
            if remaining < 0:
                return style(self)
        return choices[-1][1](self)


Style = Callable[[Dice], Skeleton]
"""A function that draws a glyph in one style, with random proportions."""


def corner(x: float, y: float, sharpness: float = 1.0) -> Anchor:
    """Return an anchor at which the line has a corner."""
    return x, y, sharpness


def arc(
    centre: tuple[float, float],
    radii: tuple[float, float],
    start: float,
    sweep: float,
    growth: float = 1.0,
    power: float = 2.0,
) -> Line:
    """Return anchors on an ellipse, from the angle `start` through `sweep` degrees.

    0 degrees points to the right and 90 degrees down, so positive sweeps are clockwise. `growth`: ratio of the last
    radius to the first; the line is a spiral unless `growth` is 1. `power`: 2 for an ellipse, more for a squarer shape.
    """
    count = max(3, round(abs(sweep) / 36) + 1)
    angles = np.radians(np.linspace(start, start + sweep, count))
    cosine, sine = np.cos(angles), np.sin(angles)
    size = np.linspace(1, growth, count) * (np.abs(cosine) ** power + np.abs(sine) ** power) ** (-1 / power)
    x, y = centre[0] + radii[0] * size * cosine, centre[1] + radii[1] * size * sine
    return list(zip(x.tolist(), y.tolist(), strict=True))


def apply_handwriting(skeleton: Skeleton, rng: np.random.Generator) -> Strokes:
    """Return the strokes of a skeleton in a random person's handwriting."""
    writer = _Writer(rng)
    lines = [writer.draw_line(line) for line in _maybe_join_lines(skeleton, rng)]
    return writer.transform(_maybe_interrupt_stroke(lines, rng))


class _Writer:
    """A random person's handwriting: slant, proportions, roundness, steadiness and the device's sampling rate."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._sharpness = rng.random() ** 3 if rng.random() < 0.7 else 0.0
        self._jitter = rng.uniform(0.6, 3.2)
        self._wobble = rng.uniform(0, 1.3) ** 2
        self._tremor = rng.random() ** 3
        self._spacing = np.exp(rng.uniform(np.log(3), np.log(17)))
        self._unevenness = rng.uniform(-0.7, 0.7)

    def draw_line(self, line: Line) -> np.ndarray:
        """Return the points (k, 2) of one line, before slant and proportions."""
        rng = self._rng
        anchors = np.array([anchor if len(anchor) == 3 else (*anchor, 0.0) for anchor in line])
        anchors[:, :2] += rng.normal(0, self._jitter, (len(anchors), 2))
        if rng.random() < 0.12:
            anchors = _add_hook(anchors, rng)
        if rng.random() < 0.12:
            anchors = _add_hook(anchors[::-1], rng)[::-1]
        points = _sample_spline(anchors, self._sharpness, self._spacing, self._unevenness)
        return self._add_tremor(points)

    def _add_tremor(self, points: np.ndarray) -> np.ndarray:
        """Add slow waves and the tremor of a mouse."""
        rng = self._rng
        steps = np.arange(len(points))[:, np.newaxis] / len(points)
        waves = np.sin(2 * np.pi * (steps * rng.uniform(0.7, 3, 2) + rng.random(2)))
        return points + self._wobble * waves + rng.normal(0, self._tremor, points.shape)

    def transform(self, lines: Strokes) -> Strokes:
        """Apply the slant, proportions and rotation, and warp the glyph gently."""
        rng = self._rng
        slant = np.tan(np.radians(_clamp(rng.normal(6, 14), -25, 35)))
        angle = np.radians(_clamp(rng.normal(0, 5), -12, 12))
        if rng.random() < _UPRIGHT_CHANCE:
            slant = angle = 0.0
        width = np.exp(_clamp(rng.normal(0, 0.22), -0.4, 0.5))
        shear = np.array([[width, 0.0], [-slant, 1.0]])
        rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        amount, phase = rng.normal(0, 1.8, 2), rng.uniform(0, 2 * np.pi, 2)
        widening = rng.normal(0, 0.0012)
        points = np.concatenate(lines)
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        points = points - middle
        points = points + amount * np.sin(points[:, ::-1] * (2 * np.pi / HEIGHT) + phase)
        points[:, 0] *= 1 + widening * points[:, 1]
        ends = np.cumsum([len(line) for line in lines])[:-1]
        return np.split(points @ shear @ rotation, ends)


def _sample_spline(anchors: np.ndarray, sharpness: float, spacing: float, unevenness: float) -> np.ndarray:
    """Return points along a centripetal Catmull-Rom spline through anchors (k, 3), about `spacing` apart.

    `sharpness`, 0..1, pulls the tangents towards the straight polyline; at corners, they are broken.
    `unevenness`, -1..1: above 0, the points are denser in the middle than at the ends; below 0, denser at the ends.
    """
    points, sharp = anchors[:, :2], anchors[:, 2:]
    steps = points[1:] - points[:-1]
    lengths = np.maximum(np.sqrt((steps * steps).sum(axis=1)), 1e-6)
    knots = np.sqrt(lengths)[:, np.newaxis]
    chords = steps / knots
    tangents = _catmull_rom_tangents(chords, knots)
    # Each segment has its own tangents at both ends, so that the line can turn at a corner.
    straightness = np.maximum(sharp, sharpness)
    leaving = tangents[:-1] + straightness[:-1] * (chords - tangents[:-1])
    arriving = tangents[1:] + straightness[1:] * (chords - tangents[1:])

    distances = np.zeros(len(points))
    lengths.cumsum(out=distances[1:])
    # Writers slow down at a corner, so there is always a point exactly on it.
    corners = distances[1:-1][sharp[1:-1, 0] > 0.5]
    positions = _sample_positions(distances[-1], spacing, unevenness, corners)
    segment = np.minimum(distances[1:].searchsorted(positions, side="right"), len(steps) - 1)
    t = ((positions - distances[segment]) / lengths[segment])[:, np.newaxis]
    rest = 1 - t
    curve: np.ndarray = (
        points[segment] * (rest * rest * (1 + 2 * t))
        + points[segment + 1] * (t * t * (3 - 2 * t))
        + knots[segment] * (leaving[segment] * (t * rest * rest) - arriving[segment] * (t * t * rest))
    )
    return curve


def _catmull_rom_tangents(chords: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Return the tangent (k, 2) at each anchor; at the ends, the curvature of the neighbouring anchor continues."""
    inner = (chords[:-1] * knots[1:] + chords[1:] * knots[:-1]) / (knots[:-1] + knots[1:])
    if not len(inner):
        return np.concatenate([chords, chords])
    first = 1.5 * chords[:1] - 0.5 * inner[:1]
    last = 1.5 * chords[-1:] - 0.5 * inner[-1:]
    return np.concatenate([first, inner, last])


def _sample_positions(length: float, spacing: float, unevenness: float, corners: np.ndarray) -> np.ndarray:
    """Return ascending distances along a line of this length, including the distances of its corners."""
    count = max(2, round(length / spacing) + 1)
    times = np.arange(count) / (count - 1)
    positions: np.ndarray = (times + unevenness / (2 * np.pi) * np.sin(2 * np.pi * times)) * length
    return np.sort(np.concatenate([positions, corners])) if corners.size else positions


def _add_hook(anchors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add a short hook before the first anchor, as left by a pen that is already moving when it touches the paper."""
    direction = anchors[0, :2] - anchors[1, :2]
    size = rng.uniform(2, 7) / max(float(np.hypot(*direction)), 1e-6)
    angle = np.radians(rng.uniform(-150, 150))
    rotated = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) @ direction
    return np.concatenate([[[*(anchors[0, :2] + rotated * size), 0.5]], anchors])


def _maybe_join_lines(skeleton: Skeleton, rng: np.random.Generator) -> Skeleton:
    """Occasionally join the first two lines, as if the pen were not lifted between them."""
    if len(skeleton) < 2 or rng.random() > 0.04:
        return skeleton
    first, second, *rest = skeleton
    gap = np.hypot(first[-1][0] - second[0][0], first[-1][1] - second[0][1])
    if gap > HEIGHT / 2:
        return skeleton
    return [[*first[:-1], (*first[-1][:2], 0.7), (*second[0][:2], 0.7), *second[1:]], *rest]


def _maybe_interrupt_stroke(lines: Strokes, rng: np.random.Generator) -> Strokes:
    """Occasionally leave a short gap in a stroke, as if the pen skipped."""
    if rng.random() > 0.05:
        return lines
    index = int(rng.integers(len(lines)))
    line = lines[index]
    if len(line) < 20:
        return lines
    cut = int(rng.integers(6, len(line) - 6))
    return [*lines[:index], line[:cut], line[cut + 1 :], *lines[index + 1 :]]


def _clamp(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
