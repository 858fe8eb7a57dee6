"""The digits 0 to 4, in styles from many countries."""

from __future__ import annotations

from core.handwriting.strokes.pen import Dice, Line, Skeleton, Style, arc, corner

# 0


def _oval(dice: Dice) -> Skeleton:
    """Draw a closed, overlapping or slightly open oval that usually starts near the top, in either direction."""
    start = -90 + dice(-50, 50) if dice.chance(0.8) else dice(0, 360)
    sweep = dice(345, 400) * (1 if dice.chance(0.2) else -1)
    return [arc((40, 50), (dice(24, 50), 50), start, sweep, dice(0.92, 1.06), dice(1.8, 2.7))]


def _open_oval(dice: Dice) -> Skeleton:
    start = -90 + dice(-15, 45)
    return [arc((40, 50), (dice(28, 44), 50), start, -dice(315, 345), dice(0.88, 1.02), dice(1.8, 2.5))]


def _curled_oval(dice: Dice) -> Skeleton:
    """Draw an oval that ends in a small loop or a tail at the top."""
    start = -90 + dice(-30, 40)
    width = dice(28, 42)
    line = arc((40, 50), (width, 50), start, -dice(345, 365), dice(0.93, 1.0))
    x, y = line[-1][:2]
    tail = dice(8, 26)
    return [[*line, (x - tail, y + dice(-2, 12))]]


def _slashed_oval(dice: Dice) -> Skeleton:
    width, reach = dice(36, 48), dice(0.5, 1.15)
    slash: Line = [(40 + reach * width * 0.75, 50 - reach * 40), (40 - reach * width * 0.75, 50 + reach * 40)]
    return [*_oval_of_width(dice, width), slash if dice.chance(0.8) else slash[::-1]]


def _oval_of_width(dice: Dice, width: float) -> Skeleton:
    return [arc((40, 50), (width, 50), -90 + dice(-30, 30), -dice(350, 385), dice(0.97, 1.03))]


# 1


def _bare_one(dice: Dice) -> Skeleton:
    line: Line = [(0, 0), (dice(-4, 4), 50), (0, 100)]
    return [line if dice.chance(0.92) else line[::-1]]


def _flag_start(dice: Dice, has_foot: bool = False) -> tuple[float, float]:
    """Return the start of the upstroke; without a foot, the upstroke is never so flat that the 1 looks like a 7."""
    if has_foot:
        width = dice(14, 52)
        return -width, min(width * dice(0.3, 1.3), 72)
    if dice.chance(0.4):  # half the stem or longer, as taught in much of Europe
        width = dice(26, 50)
        return -width, min(width * dice(0.65, 1.6), 72)
    width = dice(8, 30)
    return -width, min(width * dice(0.9, 1.9), 60)


def _flagged_one(dice: Dice, has_foot: bool = False) -> Skeleton:
    return [[_flag_start(dice, has_foot), corner(0, 0, dice(0.6, 1)), (dice(-3, 3), 50), (dice(-4, 4), 100)]]


def _foot(dice: Dice) -> Line:
    tilt = dice(-4, 4)
    return [(-dice(14, 34), 100 + tilt), (dice(14, 34), 100 - tilt)]


def _footed_one(dice: Dice) -> Skeleton:
    return [[(0, 0), (dice(-3, 3), 50), (0, dice(95, 101))], _foot(dice)]


def _printed_one(dice: Dice) -> Skeleton:
    """Draw a 1 with a flag and a foot."""
    return [*_flagged_one(dice, has_foot=True), _foot(dice)]


def _printed_one_in_one_stroke(dice: Dice) -> Skeleton:
    left, right = _foot(dice)
    return [[_flag_start(dice, has_foot=True), corner(0, 0), corner(0, 100), corner(*left[:2]), right]]


# 2


def _round_top(dice: Dice, width: float) -> Line:
    """Return the arch of a 2, from its left end to the start of the downstroke."""
    start: Line = [(dice(0, 10), dice(14, 32))]
    if dice.chance(0.15):  # a curl inwards
        start = [(dice(16, 26), dice(24, 32)), (dice(4, 10), dice(24, 30)), (dice(4, 9), dice(12, 18))]
    return [*start, (width * 0.45, 0), (width * dice(0.92, 1.0), dice(18, 32))]


def _round_two(dice: Dice) -> Skeleton:
    """Draw a 2 with a round top, a corner at the lower left and a straight foot."""
    width = dice(48, 72)
    down: Line = [(width * dice(0.6, 0.8), dice(52, 62)), corner(dice(-4, 8), dice(93, 100), dice(0.7, 1))]
    return [[*_round_top(dice, width), *down, (width + dice(-8, 16), 100 + dice(-8, 5))]]


def _looped_two(dice: Dice) -> Skeleton:
    """Draw a 2 with a small loop at the lower left."""
    width, size = dice(50, 70), dice(7, 15)
    loop: Line = [
        (size + 6, 100 - size * 0.6),
        (2, 100),
        (-2, 100 - size * 1.1),
        (size + 2, 100 - size * 1.3),
        (width * 0.6, 100 - size * 0.3),
    ]
    return [[*_round_top(dice, width), (width * 0.72, dice(48, 58)), *loop, (width + dice(0, 14), 100 + dice(-7, 4))]]


def _knotted_two(dice: Dice) -> Skeleton:
    """Draw a 2 with a large loop at the lower left, from which a tail crosses the neck."""
    width, loop_height, loop_width, left = dice(44, 60), dice(18, 44), dice(14, 26), dice(-12, 2)
    loop: Line = [
        (max(width * 0.6, left + loop_width * 1.5), 100 - loop_height * dice(0.25, 0.4)),
        (left + loop_width * dice(0.9, 1.3), 100),
        (left, 100 - loop_height * dice(0.4, 0.6)),
        (left + loop_width, 100 - loop_height),
    ]
    tail: Line = [
        (width * 0.8, 100 - loop_height * dice(0.4, 0.8)),
        (width + dice(4, 28), 100 - loop_height * dice(0.0, 0.7)),
    ]
    return [[*_round_top(dice, width), (width * dice(0.85, 1.0), dice(38, 50)), *loop, *tail]]


def _angular_two(dice: Dice) -> Skeleton:
    """Draw a 2 that is nearly a Z, but rounded at its upper corners."""
    width = dice(48, 66)
    top: Line = [(0, dice(10, 20)), (dice(8, 16), dice(1, 6)), (width * 0.75, 0), (width, dice(10, 20))]
    return [[*top, corner(dice(-3, 5), 98), (width + dice(-4, 10), dice(95, 102))]]


def _swan(dice: Dice) -> Skeleton:
    """Draw a 2 with a long bent neck and a wavy foot."""
    width = dice(50, 70)
    neck: Line = [(width * dice(0.6, 0.75), dice(46, 58)), (width * 0.25, dice(80, 88)), (0, dice(95, 100), 0.4)]
    wave: Line = [(width * 0.3, dice(88, 94)), (width * 0.7, dice(97, 102)), (width + dice(0, 12), dice(86, 96))]
    return [[*_round_top(dice, width), *neck, *wave]]


# 3


def _lower_belly(dice: Dice, width: float, waist: float) -> Line:
    """Return the lower half of a 3, from its waist."""
    end: Line = [(dice(-16, 8), dice(82, 96))]
    if dice.chance(0.15):
        end = [(dice(-4, 6), dice(88, 94)), (dice(0, 8), dice(76, 82))]
    return [(width, waist + (100 - waist) * dice(0.4, 0.55)), (width * 0.5, 100), *end]


def _round_three(dice: Dice) -> Skeleton:
    upper, lower, waist = dice(44, 60), dice(48, 66), dice(40, 52)
    top: Line = [(dice(-2, 8), dice(8, 22)), (upper * 0.5, 0), (upper, waist * dice(0.4, 0.55))]
    return [[*top, corner(dice(16, 30), waist, dice(0.5, 1)), *_lower_belly(dice, lower, waist)]]


def _open_three(dice: Dice) -> Skeleton:
    """Draw a 3 with a shallow waist."""
    upper, waist = dice(48, 58), dice(42, 52)
    top: Line = [(dice(-2, 6), dice(6, 16)), (upper * 0.5, 0), (upper, waist * 0.45)]
    return [[*top, corner(upper * dice(0.58, 0.7), waist, dice(0.3, 1)), *_lower_belly(dice, upper + 6, waist)]]


def _looped_three(dice: Dice) -> Skeleton:
    """Draw a 3 with a small loop at the waist."""
    upper, lower, waist, size = dice(44, 58), dice(48, 64), dice(42, 50), dice(4, 9)
    top: Line = [(dice(-2, 8), dice(8, 20)), (upper * 0.5, 0), (upper, waist * 0.45)]
    loop: Line = [(26, waist + size * 0.6), (dice(10, 18), waist + size * 0.3), (20, waist - size), (34, waist + 2)]
    return [[*top, *loop, *_lower_belly(dice, lower, waist)]]


def _flat_three(dice: Dice) -> Skeleton:
    """Draw a 3 with a straight top and a slanted line to the waist."""
    width, waist = dice(46, 60), dice(34, 46)
    top: Line = [(dice(-2, 6), dice(-2, 5)), corner(width, dice(-2, 3), dice(0.7, 1)), corner(dice(16, 30), waist)]
    return [[*top, *_lower_belly(dice, width + dice(0, 10), waist)]]


# 4


def _open_four(dice: Dice) -> Skeleton:
    """Draw a 4 as an angle and a stem that crosses its bar."""
    bar, stem, width = dice(50, 66), dice(34, 50), dice(58, 76)
    head = stem - dice(16, 34)
    angle: Line = [(head, dice(-2, 8)), corner(dice(-3, 5), bar, dice(0.5, 1)), (width, bar + dice(-9, 3))]
    return [angle, [(stem + dice(-2, 6), dice(2, 34)), (stem + dice(-5, 3), 100)]]


def _closed_four(dice: Dice) -> Skeleton:
    """Draw a 4 with a triangle: the angle and the stem start at the same point."""
    bar, stem, width = dice(54, 70), dice(38, 52), dice(0, 26)
    apex = (stem + dice(-4, 4), dice(-2, 4))
    angle: Line = [apex, corner(dice(-3, 4), bar, dice(0.7, 1)), (stem + width, bar + dice(-5, 3))]
    if dice.chance(0.35):  # starts at the foot of the stem, without lifting the pen
        return [[(stem, 100), corner(*apex), *angle[1:]]]
    return [angle, [(apex[0] + dice(-2, 2), apex[1] + dice(-3, 6)), (stem + dice(-3, 3), 100)]]


def _four_in_one_stroke(dice: Dice) -> Skeleton:
    """Draw a 4 in one stroke: down, across, up to the top of the stem, and down."""
    bar, stem = dice(42, 58), dice(42, 58)
    cup: Line = [(dice(-2, 10), dice(0, 8)), (dice(-2, 4), bar * 0.7), corner(dice(2, 8), bar, dice(0, 0.9))]
    turn: Line = [(stem * 0.5, bar + dice(-2, 4)), corner(stem - dice(0, 6), bar * dice(0.6, 0.85), dice(0, 0.8))]
    return [[*cup, *turn, corner(stem + dice(-2, 5), dice(0, 14)), (stem - dice(0, 8), 100)]]


def _chair_four(dice: Dice) -> Skeleton:
    """Draw a 4 like an upside-down h: the stem hardly rises above the bar."""
    bar, stem = dice(44, 56), dice(40, 54)
    seat: Line = [(dice(-2, 6), 0), corner(dice(-2, 4), bar, dice(0.4, 1)), (stem + dice(0, 12), bar + dice(-4, 3))]
    return [seat, [(stem, bar - dice(8, 24)), (stem - dice(-2, 8), 100)]]


def _lightning_four(dice: Dice) -> Skeleton:
    """Draw a 4 with a long slanted line, a bar, and a short stem that crosses it."""
    bar, stem = dice(58, 70), dice(32, 46)
    angle: Line = [(stem + dice(-4, 10), 0), corner(0, bar), (stem + dice(14, 30), bar + dice(-4, 3))]
    return [angle, [(stem + dice(0, 6), bar - dice(14, 30)), (stem + dice(-6, 2), 100 + dice(0, 8))]]


def _flash_four(dice: Dice) -> Skeleton:
    """Draw a 4 in one stroke like a lightning bolt: down, across, and down again from near the end of the bar."""
    bar, stem = dice(40, 62), dice(36, 66)
    head = dice(4, 40)
    turn: Line = [(head, dice(-2, 4)), corner(dice(-4, 6), bar, dice(0.2, 1))]
    end = corner(stem + dice(0, 16), bar - dice(0, 18), dice(0.2, 1))
    stem_head = corner(stem - dice(0, 8), bar - dice(-4, 12), dice(0, 0.8))
    return [[*turn, end, stem_head, (stem - dice(4, 26), 100)]]


ZERO_TO_FOUR: dict[int, list[tuple[float, Style]]] = {
    0: [(70, _oval), (12, _open_oval), (12, _curled_oval), (6, _slashed_oval)],
    1: [
        (24, _bare_one),
        (36, _flagged_one),
        (8, _footed_one),
        (24, _printed_one),
        (8, _printed_one_in_one_stroke),
    ],
    2: [(38, _round_two), (16, _looped_two), (22, _knotted_two), (12, _angular_two), (14, _swan)],
    3: [(50, _round_three), (12, _open_three), (18, _looped_three), (20, _flat_three)],
    4: [
        (30, _open_four),
        (22, _closed_four),
        (20, _four_in_one_stroke),
        (8, _chair_four),
        (10, _lightning_four),
        (12, _flash_four),
    ],
}
"""Styles of each digit, with rough estimates of how common each style is."""
