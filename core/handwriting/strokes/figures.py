"""Scribbles and simple drawings, like those that people make when they try out the canvas."""

from __future__ import annotations

import numpy as np

from core.handwriting.strokes.pen import Dice, Line, Skeleton, Strokes, Style, apply_handwriting, arc, corner


def scribble_strokes(rng: np.random.Generator) -> Strokes:
    """Return the strokes of a random scribble."""
    return apply_handwriting(Dice(rng).pick(_SCRIBBLES), rng)


def shape_strokes(rng: np.random.Generator) -> Strokes:
    """Return the strokes of a random simple drawing, such as a face, a star or a house."""
    return apply_handwriting(Dice(rng).pick(_SHAPES), rng)


def _polygon(points: Line, closed: bool = True) -> Line:
    corners = [*points, points[0]] if closed else points
    return [corner(*point[:2]) for point in corners]


def _circle(x: float, y: float, radius: float, dice: Dice) -> Line:
    return arc((x, y), (radius, radius * dice(0.85, 1.15)), dice(-140, -40), -dice(350, 380), dice(0.97, 1.04))


# Scribbles


def _zigzag(dice: Dice) -> Skeleton:
    turns, sharp, height = int(dice(6, 14)), dice(0, 1), dice(30, 100)
    step = dice(90, 160) / turns
    line: Line = [(step * index, height * (index % 2) + dice(-12, 12), sharp) for index in range(turns)]
    return [[(y, x, sharp) for x, y, _ in line] if dice.chance(0.4) else line]


def _spiral(dice: Dice) -> Skeleton:
    turns = dice(2.3, 5)
    line = arc((0, 0), (6, 6 * dice(0.7, 1.3)), dice(0, 360), 360 * turns * (1 if dice.chance(0.5) else -1), 9)
    return [line if dice.chance(0.7) else line[::-1]]


def _coil(dice: Dice) -> Skeleton:
    """Draw loops that drift to one side, like a spring."""
    loops, size = int(dice(4, 9)), dice(20, 50)
    line = arc((0, 0), (size * dice(0.5, 1), size), dice(0, 360), 360 * loops)
    drift, rise = dice(8, 34) / 10, dice(-0.6, 0.6)
    return [[(x + drift * index, y + rise * index) for index, (x, y, *_) in enumerate(line)]]


def _tangle(dice: Dice) -> Skeleton:
    """Draw many loops around one point."""
    line: Line = []
    for _ in range(int(dice(4, 9))):
        centre, radii = (dice(-12, 12), dice(-12, 12)), (dice(16, 50), dice(16, 50))
        line += arc(centre, radii, dice(0, 360), dice(240, 360) * (1 if dice.chance(0.7) else -1))
    return [line]


def _hatching(dice: Dice) -> Skeleton:
    count, step = int(dice(4, 8)), dice(16, 26)
    rows: list[Line] = [
        [(dice(-8, 8), step * row), (100 + dice(-8, 8), step * row + dice(-6, 6))] for row in range(count)
    ]
    if dice.chance(0.5):
        return rows
    length = step * (count - 1)
    return rows + [
        [(x + dice(-4, 4), dice(-8, 8)), (x + dice(-4, 4), length + dice(-8, 8))] for x in range(10, 100, 26)
    ]


def _wandering(dice: Dice) -> Skeleton:
    """Draw a line that wanders at random and often crosses itself."""
    heading, x, y = dice(0, 2 * np.pi), 0.0, 0.0
    line: Line = [(x, y)]
    for _ in range(int(dice(13, 28))):
        heading += dice(-1.5, 1.5)
        # Pull the line back to the middle, so that it folds over itself.
        x, y = 0.82 * x + dice(14, 40) * np.cos(heading), 0.82 * y + dice(14, 40) * np.sin(heading)
        line.append((x, y))
    return [line]


def _random_strokes(dice: Dice) -> Skeleton:
    def stroke() -> Line:
        return [(dice(0, 100), dice(0, 100)) for _ in range(int(dice(2, 5)))]

    return [stroke() for _ in range(int(dice(3, 8)))]


def _crossed_out(dice: Dice) -> Skeleton:
    """Draw a word that was crossed out until it was illegible."""
    turns = int(dice(8, 16))
    width = dice(70, 130)
    back_and_forth: Line = [
        (width * (index % 2) + dice(-10, 10), 60 * index / turns + dice(-6, 6), 0.4) for index in range(turns)
    ]
    return [back_and_forth, *([_tangle(dice)[0]] if dice.chance(0.3) else [])]


def _wavy_lines(dice: Dice) -> Skeleton:
    def wave(y: float) -> Line:
        return [(12.0 * index, y + 7 * (-1) ** index + dice(-3, 3)) for index in range(int(dice(8, 11)))]

    return [wave(y * dice(26, 36)) for y in range(int(dice(2, 4)))]


def _dots(dice: Dice) -> Skeleton:
    return [_circle(dice(0, 100), dice(0, 100), dice(3, 9), dice) for _ in range(int(dice(5, 12)))]


# Shapes


def _face(dice: Dice) -> Skeleton:
    eye, mood = dice(12, 22), dice(-12, 16)
    eyes: list[Line] = [[(50 + side * eye, 34), (50 + side * eye, dice(38, 48))] for side in (-1, 1)]
    if dice.chance(0.4):
        eyes = [_circle(50 + side * eye, 38, dice(4, 8), dice) for side in (-1, 1)]
    mouth: Line = [(26, 66), (50, 66 + mood), (74, 66)]
    nose: list[Line] = [[(50, 44), (46, 58), (53, 58)]] if dice.chance(0.3) else []
    return [_circle(50, 50, 50, dice), *eyes, *nose, mouth]


def _star(dice: Dice) -> Skeleton:
    angles = np.radians(-90 + dice(-10, 10) + 144 * np.arange(6))
    if dice.chance(0.6):
        return [_polygon([(50 + 50 * float(np.cos(a)), 50 + 50 * float(np.sin(a))) for a in angles], closed=False)]
    outline = np.radians(-90 + 36 * np.arange(10))
    radii = [50 if index % 2 == 0 else dice(18, 26) for index in range(10)]
    return [_polygon([(r * float(np.cos(a)), r * float(np.sin(a))) for r, a in zip(radii, outline, strict=True)])]


def _asterisk(dice: Dice) -> Skeleton:
    angles = np.radians(dice(0, 60) + np.array([0, 60, 120]) if dice.chance(0.6) else np.arange(0, 180, 45))
    return [[(-50 * np.cos(a), -50 * np.sin(a)), (50 * np.cos(a), 50 * np.sin(a))] for a in angles]


def _arrow(dice: Dice) -> Skeleton:
    size, half = dice(18, 34), dice(14, 30)
    shaft: Line = [(0, 0), (50, dice(-8, 8)), (100, 0)]
    angle = dice(0, 2 * np.pi)
    head: Line = [(100 - size, -half), corner(100, 0), (100 - size, half)]
    return [_rotate(shaft, angle), _rotate(head, angle)]


def _rotate(line: Line, angle: float) -> Line:
    cosine, sine = float(np.cos(angle)), float(np.sin(angle))
    return [(x * cosine - y * sine, x * sine + y * cosine, *sharp) for x, y, *sharp in line]


def _heart(dice: Dice) -> Skeleton:
    notch = dice(18, 30)
    half: Line = [(50, notch, 1), (26, 0), (2, 28), corner(50, 100)]
    return [[*half, (98, 28), (74, 0), corner(50, notch + dice(-4, 4))]]


def _house(dice: Dice) -> Skeleton:
    walls = _polygon([(0, 44), (0, 100), (90, 100), (90, 44)])
    roof = _polygon([(-6, 46), (45, 0), (96, 46)], closed=False)
    extras: list[Line] = []
    if dice.chance(0.7):
        extras.append(_polygon([(36, 100), (36, 70), (56, 70), (56, 100)], closed=False))
    if dice.chance(0.4):
        extras.append(_polygon([(64, 56), (80, 56), (80, 72), (64, 72)]))
    return [walls, roof, *extras]


def _check_mark(dice: Dice) -> Skeleton:
    return [[(0, dice(52, 66)), corner(dice(22, 36), 100, dice(0.4, 1)), (dice(80, 110), 0)]]


def _cross(dice: Dice) -> Skeleton:
    if dice.chance(0.5):
        return [[(0, 0), (90, 100)], [(90, 0), (0, 100)]]
    bar = dice(28, 60)
    return [[(40, 0), (40, 100)], [(-6, bar), (86, bar)]]


def _triangle(dice: Dice) -> Skeleton:
    line = _polygon([(dice(30, 60), 0), (100, 86 + dice(-14, 14)), (0, 86 + dice(-14, 14))])
    return [_rotate(line, dice(0, 2 * np.pi) if dice.chance(0.3) else 0)]


def _square(dice: Dice) -> Skeleton:
    width = dice(60, 140)
    line = _polygon([(0, 0), (0, 100), (width, 100), (width, 0)])
    diagonal: list[Line] = [[(0, 0), (width, 100)]] if dice.chance(0.2) else []
    return [_rotate(line, dice(0, 1.6) if not diagonal and dice.chance(0.2) else 0), *diagonal]


def _filled_square(dice: Dice) -> Skeleton:
    width, step = dice(60, 110), dice(6, 10)
    return [[corner(width * (row % 2), row * step) for row in range(int(100 / step))]]


def _filled_disc(dice: Dice) -> Skeleton:
    return [arc((0, 0), (4, 4), dice(0, 360), 360 * dice(5, 7), 12)]


def _question_mark(dice: Dice) -> Skeleton:
    hook: Line = [(0, 20), (26, 0), (52, 22), (34, 46), (26, dice(68, 78))]
    return [hook, _circle(26, 98, dice(4, 7), dice)]


def _note(dice: Dice) -> Skeleton:
    def head(x: float, y: float) -> Line:
        return arc((x, y), (3, 2.4), 0, 360 * 4, 4.5)

    if dice.chance(0.5):
        return [head(0, 90), [(12, 88), (14, 0)], [(14, 0), (30, 14), (34, dice(30, 44))]]
    return [head(0, 92), head(60, 84), [(12, 90), corner(12, 8), corner(72, 0), (72, 82)]]


def _flower(dice: Dice) -> Skeleton:
    count = int(dice(5, 8))
    angles = 2 * np.pi * np.arange(count) / count
    petals = [_circle(float(26 * np.cos(a)), float(26 * np.sin(a)), 13, dice) for a in angles]
    stem: list[Line] = [[(0, 40), (dice(-6, 6), 80), (0, 118)]] if dice.chance(0.7) else []
    return [_circle(0, 0, 12, dice), *petals, *stem]


def _stick_figure(dice: Dice) -> Skeleton:
    legs: Line = [(-24, 110), corner(0, 72), (24, 110)]
    return [_circle(0, 14, 15, dice), [(0, 30), (0, 72)], [(-28, dice(36, 56)), (0, 44), (28, dice(36, 56))], legs]


def _sun(dice: Dice) -> Skeleton:
    angles = np.radians(dice(0, 40) + np.arange(0, 360, 45))
    rays: list[Line] = [
        [(float(34 * np.cos(a)), float(34 * np.sin(a))), (float(54 * np.cos(a)), float(54 * np.sin(a)))] for a in angles
    ]
    return [_circle(0, 0, 24, dice), *rays]


def _hash_sign(dice: Dice) -> Skeleton:
    first, second = dice(24, 36), dice(60, 72)
    return [
        [(first, 0), (first - 6, 100)],
        [(second, 0), (second - 6, 100)],
        [(0, first), (96, first - 3)],
        [(0, second), (96, second - 3)],
    ]


def _ampersand(dice: Dice) -> Skeleton:
    return [[(66, 100), (20, 40), (22, 6), (44, 6), (42, 36), (4, 66), (8, 96), (40, 98), (66, dice(54, 70))]]


def _at_sign(dice: Dice) -> Skeleton:
    inner = arc((50, 50), (18, 20), -30, -340)
    return [[*inner, corner(68, 36), (70, 62), (86, 66), *arc((50, 50), (46, 50), 0, -dice(290, 325))]]


def _fish(dice: Dice) -> Skeleton:
    body: Line = [corner(110, 10), (70, 62), (30, 74), (0, 44), (30, 14), (70, 28), corner(110, 78), corner(108, 12)]
    return [body, _circle(18, 38, dice(3, 5), dice)]


_SCRIBBLES: list[tuple[float, Style]] = [
    (3, _zigzag),
    (2, _spiral),
    (2, _coil),
    (3, _tangle),
    (2, _hatching),
    (4, _wandering),
    (3, _random_strokes),
    (2, _crossed_out),
    (1, _wavy_lines),
    (1, _dots),
]
_SHAPES: list[tuple[float, Style]] = [
    (3, _face),
    (2, _star),
    (1, _asterisk),
    (2, _arrow),
    (2, _heart),
    (2, _house),
    (1, _check_mark),
    (1, _cross),
    (1, _triangle),
    (1, _square),
    (1, _filled_square),
    (1, _filled_disc),
    (1, _question_mark),
    (1, _note),
    (1, _flower),
    (1, _stick_figure),
    (1, _sun),
    (1, _hash_sign),
    (1, _ampersand),
    (1, _at_sign),
    (1, _fish),
]
