"""Ways of writing digits that are common in some countries but rare in MNIST and in the pen data."""

from __future__ import annotations

from core.handwriting.strokes.pen import Dice, Line, Skeleton, Style, arc, corner

# 0


def _zero_with_lead_in(dice: Dice) -> Skeleton:
    """Draw a 0 whose stroke starts outside the oval, to the left of it or above it."""
    width = dice(26, 44)
    if dice.chance(0.4):  # a spiral that starts at the left and ends inside
        return [arc((40, 50), (width * dice(1, 1.3), 50), dice(150, 230), dice(390, 500), dice(0.55, 0.85))]
    if dice.chance(0.5):  # up along the left side, then clockwise
        start, widening = dice(165, 225), dice(1.15, 1.5)
        lead = arc((40, 50), (width * widening, 50), start, 270 - start)[:-1]
        return [[*lead, *arc((40, 50), (width, 50), -90, dice(345, 385), dice(0.95, 1.02))]]
    side = 1 if dice.chance(0.7) else -1
    lead = [(40 + side * dice(18, 44), dice(-14, 10)), (40 + side * dice(4, 10), dice(-4, 3))]
    return [[*lead, *arc((40, 50), (width, 50), -90 - side * 20, -side * dice(325, 360), dice(0.95, 1.02))]]


def _zero_with_inner_loop(dice: Dice) -> Skeleton:
    """Draw a 0 whose stroke ends inside the oval, in a curl or a small loop at the top."""
    width, turn = dice(30, 46), -1 if dice.chance(0.75) else 1
    oval = arc((40, 50), (width, 50), -90 + dice(-20, 30), turn * dice(330, 360), dice(0.96, 1.0))
    if dice.chance(0.5):
        start = -90 + turn * dice(0, 20)
        curl = arc((40, 42), (width * 0.8, 38), start, turn * dice(40, 130), dice(0.45, 0.85))
        return [[*oval, *curl]]
    size, x = dice(6, 11), 40 + dice(-8, 8)
    loop: Line = [
        (x + turn * size, dice(4, 8)),
        (x + turn * size, 8 + size),
        (x, 10 + 2 * size),
        (x - turn * size, 8 + size),
        (x, dice(0, 5)),
        (x + turn * (size + dice(2, 14)), dice(-8, 0)),
    ]
    return [[*oval, *loop]]


def _zero_slashed_in_one_stroke(dice: Dice) -> Skeleton:
    """Draw a 0 whose stroke turns around at the upper right and crosses the oval."""
    width, reach = dice(34, 46), dice(0.7, 1.15)
    oval = arc((40, 50), (width, 50), -90 + dice(20, 50), -dice(345, 370), dice(0.97, 1.03))
    turn = corner(40 + reach * width * 0.8, 50 - reach * 44, dice(0.3, 1))
    return [[*oval, turn, (40 - reach * width * 0.75, 50 + reach * 40)]]


# 1


def _upright_one(dice: Dice) -> Skeleton:
    return [[(dice(-1, 1), 0), (dice(-1, 1), 100)]]


def _one_like_a_roof(dice: Dice) -> Skeleton:
    """Draw a 1 whose flag is nearly as long as its stem, like an upside-down V."""
    width = dice(26, 46)
    flag: Line = [(-width, dice(60, 88)), (-width * dice(0.4, 0.6), dice(34, 46))]
    return [[*flag, corner(0, 0, dice(0.3, 1)), (dice(-2, 4), 50), (dice(-3, 6), 100)]]


def _one_with_wide_foot(dice: Dice) -> Skeleton:
    """Draw a 1 whose flag has a rounded or sharp corner and whose foot is wide or wavy."""
    head: Line = [(-dice(12, 40), dice(14, 34)), corner(0, 0, dice(0.1, 1)), (dice(-2, 3), 50), (dice(-2, 2), 100)]
    left, right, wave = -dice(24, 46), dice(20, 46), dice(-5, 5)
    return [
        head,
        [(left, 100 + dice(-4, 4)), (left / 2, 100 + wave), (right / 2, 100 - wave), (right, 100 + dice(-5, 3))],
    ]


def _one_with_hooked_foot(dice: Dice) -> Skeleton:
    """Draw a 1 in one stroke: a flag, the stem, and a foot to the right, or a shorter one to the left."""
    flag: Line = [(-dice(14, 28), dice(20, 48)), corner(0, 0, dice(0.5, 1)), (dice(-3, 2), 50)]
    if dice.chance(0.7):
        return [[*flag, corner(0, 100, dice(0.4, 1)), (dice(10, 22), 100 + dice(-6, 1))]]
    return [[*flag, corner(0, 98, dice(0.1, 1)), (-dice(8, 18), 100 + dice(-5, 2))]]


# 4


def _four_with_a_cup(dice: Dice) -> Skeleton:
    """Draw an open 4 as a round cup, like the top of a cursive y, and a stem that crosses it."""
    bar, width = dice(46, 64), dice(54, 74)
    stem = width * dice(0.6, 0.9)
    cup: Line = [
        (dice(-2, 16), dice(0, 12)),
        (dice(-4, 3), bar * dice(0.5, 0.7)),
        (width * dice(0.15, 0.3), bar + dice(0, 5)),
        (width, bar + dice(-12, 2)),
    ]
    return [cup, [(stem + dice(-2, 8), dice(0, 36)), (stem - dice(-3, 8), 100)]]


def _four_with_low_bar(dice: Dice) -> Skeleton:
    """Draw a narrow 4 whose left side is nearly as long as the whole digit and whose stem starts just above the bar."""
    bar, width = dice(62, 82), dice(26, 46)
    angle: Line = [(width * dice(0.2, 0.7), 0), (dice(-2, 4), bar * 0.7), corner(dice(0, 6), bar, dice(0, 1))]
    stem: Line = [(width - dice(-4, 6), bar - dice(22, 42)), (width - dice(0, 10), 100)]
    if dice.chance(0.3):  # without lifting the pen
        return [[*angle, (width * 0.6, bar - dice(-2, 6)), corner(*stem[0]), stem[1]]]
    return [[*angle, (width + dice(2, 14), bar + dice(-8, 3))], stem]


# 5


def _five_with_detached_bar(dice: Dice) -> Skeleton:
    """Draw a 5 whose bar is a second stroke that does not touch the neck."""
    width, shoulder, left = dice(42, 64), dice(40, 54), dice(2, 12)
    middle = (shoulder + 100) / 2
    neck: Line = [(left + dice(0, 8), dice(4, 14)), corner(left - dice(0, 6), shoulder, dice(0.3, 1))]
    belly: Line = [
        (width * 0.55, shoulder - dice(0, 8)),
        (width, middle),
        (width * 0.5, 100),
        (dice(-6, 8), dice(86, 97)),
    ]
    bar, height = left + dice(6, 24), -dice(4, 14)
    return [[*neck, *belly], [(bar, height), (bar + dice(30, 56), height + dice(-10, 4))]]


# 6


def _six_with_long_stem(dice: Dice) -> Skeleton:
    """Draw a 6 with a small loop at the foot of a long, nearly straight stem."""
    top, width, head = dice(58, 76), dice(24, 42), dice(-4, 44)
    middle = (top + 100) / 2
    stem: Line = [(head, 0), (head * 0.5 - dice(-2, 4), top * 0.5), (0, middle)]
    bowl: Line = [(width * 0.45, 100), (width, middle), (width * 0.5, top)]
    return [[*stem, *bowl, (dice(0, width * 0.2), top + (100 - top) * dice(0.25, 0.6))]]


# 7


def _seven_with_hooked_foot(dice: Dice) -> Skeleton:
    """Draw a 7 with a wavy or round top and a bar; the foot bends to the right or to the left."""
    width, foot, size = dice(46, 70), dice(8, 30), dice(6, 18)
    if dice.chance(0.5):
        top: Line = [(0, dice(6, 18)), (width * 0.25, dice(-4, 2)), (width * 0.6, dice(4, 10))]
        top.append(corner(width, dice(-4, 3), dice(0.2, 1)))
    else:
        top = [(dice(-2, 6), dice(10, 28)), (width * 0.45, 0), (width, dice(10, 20))]
    crossing, height, tilt = (width + foot) / 2, dice(46, 70), dice(-5, 5)
    side = 1 if height < 60 and dice.chance(0.8) else -1  # a low bar and a foot to the right would make a 2
    low: Line = [(foot, dice(84, 92)), (foot + side * size * 0.4, 100), (foot + side * size, 100 - dice(0, 8))]
    bar: Line = [(crossing - dice(10, 26), height + tilt), (crossing + dice(16, 34), height - tilt)]
    return [[*top, (crossing + dice(-2, 5), 50), *low], bar]


# 9


def _nine_with_s_tail(dice: Dice) -> Skeleton:
    """Draw a 9 like an S with a ring on top: below the ring, the tail bulges to the right and ends at the left."""
    width, height = dice(11, 24), dice(13, 25)
    ring = arc((28, height), (width, height), dice(50, 120), -dice(335, 385), dice(0.95, 1.05))
    bulge = 28 + width * dice(0.8, 1.5)
    tail: Line = [
        (bulge, height + 50 + dice(-8, 4)),
        (28 + dice(-8, 4), 97 + dice(-3, 3)),
        (dice(-16, 8), dice(90, 103)),
    ]
    return [[*ring, *tail]]


RARE_DIGITS: dict[int, list[tuple[float, Style]]] = {
    0: [(10, _zero_with_lead_in), (12, _zero_with_inner_loop), (7, _zero_slashed_in_one_stroke)],
    1: [(16, _upright_one), (12, _one_like_a_roof), (8, _one_with_wide_foot), (4, _one_with_hooked_foot)],
    2: [],
    3: [],
    4: [(10, _four_with_a_cup), (10, _four_with_low_bar)],
    5: [(10, _five_with_detached_bar)],
    6: [(10, _six_with_long_stem)],
    7: [(20, _seven_with_hooked_foot)],
    8: [],
    9: [(14, _nine_with_s_tail)],
}
"""Styles of each digit, with weights on the same scale as those of the common styles, which add up to about 100."""
