"""From the bare lines of a sign to strokes as a person's pen or mouse leaves them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Anchor = tuple[float, ...]
"""A place that a line goes through, x to the right and y down; a third value is its sharpness: 0 round, 1 a corner."""
Line = list[Anchor]
Skeleton = list[Line]
"""The lines of one sign, in the order in which they are drawn; a digit or a capital is 100 high."""
Strokes = list[np.ndarray]

HEIGHT = 100.0


class Dice:
    """Random choices of one sign's shape; `dice(low, high)` is uniform between the two."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._random = rng.random

    def __call__(self, low: float, high: float) -> float:
        return low + (high - low) * self._random()

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self._random() < probability

    def pick(self, choices: Sequence[tuple[float, Style]]) -> Skeleton:
        """The skeleton of one of the (weight, style) choices."""
        left = self._random() * sum(weight for weight, _ in choices)
        for weight, style in choices[:-1]:
            left -= weight
            if left < 0:
                return style(self)
        return choices[-1][1](self)


Style = Callable[[Dice], Skeleton]
"""One way to draw a sign, its proportions left to the dice."""


def corner(x: float, y: float, sharpness: float = 1.0) -> Anchor:
    """An anchor at which the line turns at once."""
    return x, y, sharpness


def arc(
    centre: tuple[float, float],
    radii: tuple[float, float],
    start: float,
    sweep: float,
    growth: float = 1.0,
    power: float = 2.0,
) -> Line:
    """Anchors on an ellipse, from the angle `start` on by `sweep` degrees; 0 is right, 90 down, so clockwise.

    `growth`: the last radius over the first, a spiral where it isn't 1. `power`: 2 an ellipse, more is squarer.
    """
    count = max(3, round(abs(sweep) / 36) + 1)
    angles = np.radians(np.linspace(start, start + sweep, count))
    cosine, sine = np.cos(angles), np.sin(angles)
    size = np.linspace(1, growth, count) * (np.abs(cosine) ** power + np.abs(sine) ** power) ** (-1 / power)
    x, y = centre[0] + radii[0] * size * cosine, centre[1] + radii[1] * size * sine
    return list(zip(x.tolist(), y.tolist(), strict=True))


def apply_handwriting(skeleton: Skeleton, rng: np.random.Generator) -> Strokes:
    """The skeleton in the hand of a person drawn by chance."""
    hand = _Hand(rng)
    lines = [hand.drawn(line) for line in _linked(skeleton, rng)]
    return hand.placed(_interrupted(lines, rng))


class _Hand:
    """A person, a pen and a day: slant, proportions, roundness, steadiness, and how often the device samples."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._generator = rng
        self._sharpness = rng.random() ** 3 if rng.random() < 0.7 else 0.0
        self._jitter = rng.uniform(0.6, 3.2)
        self._wobble = rng.uniform(0, 1.3) ** 2
        self._tremor = rng.random() ** 3
        self._spacing = np.exp(rng.uniform(np.log(3), np.log(17)))
        self._uneven = rng.uniform(-0.7, 0.7)

    def drawn(self, line: Line) -> np.ndarray:
        """The points (k, 2) of one line, before the hand's slant and proportions."""
        rng = self._generator
        anchors = np.array([anchor if len(anchor) == 3 else (*anchor, 0.0) for anchor in line])
        anchors[:, :2] += rng.normal(0, self._jitter, (len(anchors), 2))
        if rng.random() < 0.12:
            anchors = _hooked(anchors, rng)
        if rng.random() < 0.12:
            anchors = _hooked(anchors[::-1], rng)[::-1]
        points = _curve(anchors, self._sharpness, self._spacing, self._uneven)
        return self._shaken(points)

    def _shaken(self, points: np.ndarray) -> np.ndarray:
        """Slow waves across the line, and the tremor of a mouse."""
        rng = self._generator
        steps = np.arange(len(points))[:, np.newaxis] / len(points)
        waves = np.sin(2 * np.pi * (steps * rng.uniform(0.7, 3, 2) + rng.random(2)))
        return points + self._wobble * waves + rng.normal(0, self._tremor, points.shape)

    def placed(self, lines: Strokes) -> Strokes:
        """The lines with the hand's slant, proportions and rotation, and a gentle warp of the whole sign."""
        rng = self._generator
        slant = np.tan(np.radians(_within(rng.normal(6, 14), -25, 35)))
        turn = np.radians(_within(rng.normal(0, 5), -12, 12))
        width = np.exp(_within(rng.normal(0, 0.22), -0.4, 0.5))
        shear = np.array([[width, 0.0], [-slant, 1.0]])
        rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        amount, phase = rng.normal(0, 1.8, 2), rng.uniform(0, 2 * np.pi, 2)
        widening = rng.normal(0, 0.0012)
        everything = np.concatenate(lines)
        middle = (everything.min(axis=0) + everything.max(axis=0)) / 2
        everything = everything - middle
        everything = everything + amount * np.sin(everything[:, ::-1] * (2 * np.pi / HEIGHT) + phase)
        everything[:, 0] *= 1 + widening * everything[:, 1]
        ends = np.cumsum([len(line) for line in lines])[:-1]
        return np.split(everything @ shear @ rotation, ends)


def _curve(anchors: np.ndarray, sharpness: float, spacing: float, uneven: float) -> np.ndarray:
    """Points along a centripetal Catmull-Rom spline through anchors (k, 3), about `spacing` apart.

    Its tangents bend towards the straight polyline by `sharpness`, and are broken at corners. `uneven`, -1..1: how
    much denser the points lie at the middle than at the ends, or the other way.
    """
    places, sharp = anchors[:, :2], anchors[:, 2:]
    steps = places[1:] - places[:-1]
    lengths = np.maximum(np.sqrt((steps * steps).sum(axis=1)), 1e-6)
    knots = np.sqrt(lengths)[:, np.newaxis]
    chords = steps / knots
    tangents = np.empty_like(places)
    inner = (chords[:-1] * knots[1:] + chords[1:] * knots[:-1]) / (knots[:-1] + knots[1:])
    tangents[1:-1] = inner
    # Without a neighbour beyond, the line bends on as it did.
    tangents[0] = 1.5 * chords[0] - 0.5 * inner[0] if len(inner) else chords[0]
    tangents[-1] = 1.5 * chords[-1] - 0.5 * inner[-1] if len(inner) else chords[-1]
    # Each piece has its own tangents at its two ends, so that the line can turn at a corner.
    straight = np.maximum(sharp, sharpness)
    leaving = tangents[:-1] + straight[:-1] * (chords - tangents[:-1])
    arriving = tangents[1:] + straight[1:] * (chords - tangents[1:])

    ends = np.zeros(len(places))
    lengths.cumsum(out=ends[1:])
    count = max(2, round(ends[-1] / spacing) + 1)
    moments = np.arange(count) / (count - 1)
    positions = (moments + uneven / (2 * np.pi) * np.sin(2 * np.pi * moments)) * ends[-1]
    corners = ends[1:-1][sharp[1:-1, 0] > 0.5]
    if corners.size:
        # A hand slows down at a corner, so that one point lies in it.
        positions = np.sort(np.concatenate([positions, corners]))
    piece = np.minimum(ends[1:].searchsorted(positions, side="right"), len(steps) - 1)
    t = ((positions - ends[piece]) / lengths[piece])[:, np.newaxis]
    rest = 1 - t
    curve: np.ndarray = (
        places[piece] * (rest * rest * (1 + 2 * t))
        + places[piece + 1] * (t * t * (3 - 2 * t))
        + knots[piece] * (leaving[piece] * (t * rest * rest) - arriving[piece] * (t * t * rest))
    )
    return curve


def _hooked(anchors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A short hook before the first anchor, as a pen leaves it that is set down in passing."""
    direction = anchors[0, :2] - anchors[1, :2]
    size = rng.uniform(2, 7) / max(float(np.hypot(*direction)), 1e-6)
    turn = np.radians(rng.uniform(-150, 150))
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) @ direction
    return np.concatenate([[[*(anchors[0, :2] + turned * size), 0.5]], anchors])


def _linked(skeleton: Skeleton, rng: np.random.Generator) -> Skeleton:
    """Now and then two lines become one, where the pen isn't lifted between them."""
    if len(skeleton) < 2 or rng.random() > 0.04:
        return skeleton
    first, second, *rest = skeleton
    gap = np.hypot(first[-1][0] - second[0][0], first[-1][1] - second[0][1])
    if gap > HEIGHT / 2:
        return skeleton
    return [[*first[:-1], (*first[-1][:2], 0.7), (*second[0][:2], 0.7), *second[1:]], *rest]


def _interrupted(lines: Strokes, rng: np.random.Generator) -> Strokes:
    """Now and then a stroke has a short gap, where the pen skipped."""
    if rng.random() > 0.05:
        return lines
    index = int(rng.integers(len(lines)))
    line = lines[index]
    if len(line) < 20:
        return lines
    cut = int(rng.integers(6, len(line) - 6))
    return [*lines[:index], line[:cut], line[cut + 1 :], *lines[index + 1 :]]


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
