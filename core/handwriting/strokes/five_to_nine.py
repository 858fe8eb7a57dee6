"""The digits 5 to 9, in styles from many countries."""

from __future__ import annotations

from core.handwriting.strokes.pen import Dice, Line, Skeleton, Style, arc, corner

# 5


def _belly(dice: Dice, width: float, shoulder: float) -> Line:
    """Return the bowl of a 5, from the corner at the left to its end."""
    end: Line = [(dice(-6, 8), dice(86, 97))]
    if dice.chance(0.12):
        end = [(dice(-4, 8), dice(90, 98)), (dice(-6, 0), dice(78, 86))]
    middle = shoulder + (100 - shoulder) * dice(0.42, 0.55)
    return [(width * dice(0.5, 0.65), shoulder - dice(0, 9)), (width, middle), (width * dice(0.45, 0.6), 100), *end]


def _two_stroke_five(dice: Dice) -> Skeleton:
    """Draw a 5 in two strokes: neck and belly, then the cap, which may be detached."""
    width, shoulder, left = dice(40, 68), dice(34, 56), dice(4, 14)
    neck: Line = [(left + dice(0, 6), dice(-2, 4)), corner(left - dice(0, 8), shoulder, dice(0.5, 1))]
    cap_left = left + dice(-4, 12)
    cap: Line = [(cap_left, dice(-4, 3)), (cap_left + dice(26, 74), dice(-12, 3))]
    return [[*neck, *_belly(dice, width, shoulder)], cap]


def _one_stroke_five(dice: Dice) -> Skeleton:
    width, shoulder, left = dice(42, 68), dice(34, 54), dice(6, 16)
    cap: Line = [(left + dice(28, 72), dice(-10, 5)), corner(left + dice(0, 5), dice(0, 5), dice(0.4, 1))]
    return [[*cap, corner(left - dice(2, 9), shoulder, dice(0.5, 1)), *_belly(dice, width, shoulder)]]


def _s_five(dice: Dice) -> Skeleton:
    """Draw a 5 like an S with a straight cap."""
    width, shoulder, left = dice(50, 62), dice(38, 48), dice(6, 12)
    cap: Line = [(left + dice(38, 54), dice(-4, 2)), corner(left + dice(4, 12), dice(1, 6), dice(0.1, 0.6))]
    return [[*cap, (left - dice(0, 5), shoulder * 0.75), *_belly(dice, width, shoulder + 2)]]


# 6


def _six(dice: Dice) -> Skeleton:
    """Draw a 6 with a straight or bent stem and a small or large loop, which may be open."""
    top, width, bend = dice(38, 64), dice(40, 60), dice(0, 12)
    head = width * dice(0.45, 1.0)
    stem: Line = [
        (head, 0),
        (head * 0.45 + 2 - bend, top * dice(0.5, 0.65)),
        (dice(-2, 2), (top + 100) / 2 + dice(-6, 4)),
    ]
    if dice.chance(0.2):  # the head bends over
        stem.insert(0, (head + dice(8, 18), dice(4, 12)))
    close = dice(0.75, 1.15) if dice.chance(0.85) else dice(0.35, 0.7)
    bowl: Line = [(width * 0.45, 100), (width, (top + 100) / 2 + dice(-2, 6)), (width * 0.5, top)]
    left = width * 0.5 * (1 - close) + 2
    return [[*stem, *bowl, (left, top + (100 - top) * dice(0.2, 0.45))]]


def _spiral_six(dice: Dice) -> Skeleton:
    """Draw a 6 whose loop spirals inwards."""
    top, width = dice(44, 58), dice(44, 58)
    middle = (top + 100) / 2
    stem: Line = [(width * dice(0.5, 0.9), 0), (width * 0.15, top * 0.7), (0, middle)]
    bowl: Line = [(width * 0.45, 100), (width, middle), (width * 0.5, top), (width * 0.22, middle)]
    return [[*stem, *bowl, (width * 0.5, middle + dice(6, 14)), (width * 0.66, middle)]]


def _leaning_six(dice: Dice) -> Skeleton:
    """Draw a 6 with a wide bowl and a loop on its right, which often does not reach the stem."""
    width, top = dice(52, 80), dice(40, 66)
    head, reach = width * dice(0.3, 0.95), dice(0.15, 0.6)
    stem: Line = [(head, 0), (head * 0.35, dice(28, 44)), (0, dice(66, 80)), (width * 0.35, 100)]
    loop: Line = [(width * 0.9, dice(88, 94)), (width, (top + 100) / 2 - 4), (width * dice(0.68, 0.8), top)]
    return [[*stem, *loop, (width * reach, (top + 100) / 2), (width * (reach + dice(-0.02, 0.1)), dice(88, 97))]]


def _upright_six(dice: Dice) -> Skeleton:
    """Draw a 6 with a straight stem to the bottom, where the loop starts."""
    top, width = dice(46, 66), dice(34, 54)
    stem: Line = [(dice(0, 16), 0), (0, 60), corner(dice(-1, 3), dice(90, 96), dice(0, 0.7))]
    bowl: Line = [(width * 0.5, 100), (width, (top + 100) / 2), (width * 0.5, top), (2, top + dice(6, 16))]
    return [[*stem, *bowl]]


# 7


def _stem_of_seven(dice: Dice, width: float) -> Line:
    foot = width * dice(0.0, 0.7)
    bend = dice(-3, 12)
    return [((width + foot) / 2 - bend, 50 + dice(-5, 5)), (foot, 100)]


def _seven(dice: Dice, max_serif: float = 30) -> Skeleton:
    """Draw a 7 with a bar and a stem; the bar may start with a serif or be wavy."""
    width = dice(50, 80)
    bar: Line = [(0, dice(-3, 8))]
    if dice.chance(0.25):
        bar = [(dice(-5, 3), dice(12, max_serif)), corner(0, dice(0, 5), dice(0.5, 1))]
    elif dice.chance(0.15):
        bar = [(0, dice(8, 14)), (width * 0.25, dice(-4, 1)), (width * 0.65, dice(4, 9))]
    return [[*bar, corner(width, dice(-4, 5), dice(0.0, 1)), *_stem_of_seven(dice, width)]]


def _barred_seven(dice: Dice) -> Skeleton:
    # A longer serif would meet the middle bar and close a loop like that of a 9.
    stem = _seven(dice, max_serif=16)[0]
    x, y = stem[-2][:2]
    tilt = dice(-5, 5)
    return [stem, [(x - dice(14, 28), y + tilt), (x + dice(14, 28), y - tilt)]]


# 8


def _eight(dice: Dice) -> Skeleton:
    """Draw an 8 in one stroke that starts like an S; its ends meet, cross or stay apart."""
    waist, upper, lower, middle = dice(34, 60), dice(15, 30), dice(15, 32), 30.0
    start: Line = [(middle + upper * dice(0.6, 1), waist * dice(0.2, 0.45)), (middle, 0)]
    down: Line = [(middle - upper, waist * 0.5), (middle, waist), (middle + lower, (waist + 100) / 2)]
    up: Line = [(middle, 100), (middle - lower, (waist + 100) / 2), (middle - dice(-3, 6), waist + dice(-3, 4))]
    gap = dice(0, 8) if dice.chance(0.75) else dice(8, 16)
    end = (middle + upper * dice(0.75, 1.1), waist * dice(0.3, 0.5) - 2)
    line = [*start, *down, *up, (end[0], end[1] + gap), (start[0][0] + dice(-3, 3), start[0][1] + gap)]
    return [line if dice.chance(0.85) else [(2 * middle - x, y) for x, y, *_ in line]]


def _open_eight(dice: Dice) -> Skeleton:
    """Draw an 8 whose two ends extend to the upper right."""
    waist, upper, lower = dice(38, 54), dice(17, 25), dice(18, 28)
    start: Line = [(30 + upper * dice(0.7, 1.3), dice(0, 14)), (30, dice(0, 6)), (30 - upper, waist * 0.5)]
    low: Line = [(30, waist), (30 + lower, (waist + 100) / 2), (30, 100), (30 - lower, (waist + 100) / 2)]
    return [[*start, *low, (30 + dice(-4, 4), waist - dice(0, 6)), (30 + upper * dice(1, 1.8), dice(-4, 16))]]


def _eight_from_the_waist(dice: Dice) -> Skeleton:
    waist, upper, lower = dice(42, 54), dice(18, 26), dice(20, 30)
    top: Line = [(30, waist), (30 + upper, waist * 0.5), (30, 0), (30 - upper, waist * 0.5)]
    low: Line = [(30, waist), (30 + lower, (waist + 100) / 2), (30, 100), (30 - lower, (waist + 100) / 2)]
    return [[*top, *low, (30 + dice(-4, 4), waist + dice(-4, 3))]]


def _snowman(dice: Dice) -> Skeleton:
    """Draw an 8 with two circles."""
    waist, upper, lower = dice(40, 52), dice(18, 26), dice(20, 32)
    shift, touch = dice(-4, 4), dice(-3, 4)
    head = arc((30 + shift, waist / 2), (upper, waist / 2), dice(0, 360), -dice(350, 390), dice(0.95, 1.05))
    body = arc((30, (waist + 100) / 2 - touch), (lower, (100 - waist) / 2), dice(-130, -50), -dice(350, 390))
    return [head, body]


def _hourglass(dice: Dice) -> Skeleton:
    """Draw an 8 with two straight lines that cross and are joined at the top and bottom."""
    width, sharp = dice(54, 72), dice(0.1, 0.8)
    top, low = dice(0, 8), 100 - dice(0, 8)
    return [
        [
            corner(width * 0.92, top, sharp),
            (width * 0.5, dice(-4, 0)),
            corner(width * 0.06, top, sharp),
            corner(width, low, sharp),
            (width * 0.5, dice(100, 104)),
            corner(0, low, sharp),
            corner(width * 0.95, top + dice(-3, 3), sharp),
        ]
    ]


# 9


def _loop_of_nine(dice: Dice) -> tuple[Line, float, float]:
    """Return the loop of a 9, drawn anticlockwise from the upper right, its right edge and half its height."""
    width, height = dice(18, 34), dice(15, 31)
    start = dice(-60, -10)
    sweep = dice(300, 345) if dice.chance(0.8) else dice(265, 300)
    return arc((28, height), (width, height), start, -sweep, dice(0.94, 1.04), dice(1.3, 2.4)), 28 + width, height


def _straight_nine(dice: Dice) -> Skeleton:
    loop, x, height = _loop_of_nine(dice)
    top = (x + dice(-2, 3), height * dice(0.3, 0.9))
    return [[*loop, corner(*top, dice(0.4, 1)), (top[0] - dice(0, 6), 60), (top[0] - dice(-2, 28), 100)]]


def _curved_nine(dice: Dice) -> Skeleton:
    """Draw a 9 whose stem bends to the left, sometimes as far as the hook of a g."""
    loop, x, height = _loop_of_nine(dice)
    top = (x + dice(-2, 2), height * dice(0.4, 0.9))
    stem: Line = [corner(*top, dice(0.3, 1)), (top[0] + dice(-3, 2), dice(60, 74))]
    if dice.chance(0.5):
        return [[*loop, *stem, (top[0] - dice(8, 18), 94), (top[0] - dice(24, 42), 100 + dice(-4, 4))]]
    return [
        [*loop, *stem, (top[0] - dice(12, 20), 99), (top[0] - dice(30, 44), 98), (top[0] - dice(44, 54), dice(80, 90))]
    ]


def _two_stroke_nine(dice: Dice) -> Skeleton:
    """Draw a 9 in two strokes: a closed loop, and a stem beside it."""
    width, height = dice(18, 28), dice(18, 30)
    loop = arc((28, height), (width, height), dice(-70, 0), -dice(345, 385), dice(0.96, 1.04))
    x = 28 + width + dice(-3, 3)
    return [loop, [(x, dice(-3, height * 0.8)), (x - dice(-2, 6), 60), (x - dice(-2, 16), 100)]]


def _spiral_nine(dice: Dice) -> Skeleton:
    """Draw a 9 as an upside-down 6, from the foot of the stem into the loop, or in the opposite direction."""
    line = [(60 - x, 100 - y, *rest) for x, y, *rest in _six(dice)[0]]
    return [line if dice.chance(0.5) else line[::-1]]


def _open_nine(dice: Dice) -> Skeleton:
    """Draw a 9 whose loop starts inside, goes over the top and stays open; the foot may end in a hook."""
    width, height = dice(36, 58), dice(36, 60)
    inside = (width * dice(0.4, 0.85), height * dice(0.75, 1.0))
    start: Line = [inside, (width * dice(0.2, 0.4), height * dice(0.85, 1.05))]
    over: Line = [(0, height * dice(0.4, 0.6)), (width * 0.5, 0), (width, height * dice(0.4, 0.6))]
    end: Line = [(width * dice(0.85, 1.0), dice(68, 80)), (width * dice(0.3, 0.7), 100)]
    if dice.chance(0.5):
        end.append((width * dice(-0.3, 0.2), dice(84, 98)))
    return [[*start, *over, *end]]


def _hooked_nine(dice: Dice) -> Skeleton:
    """Draw a 9 with a small loop at the top and a wide curve to the left below it."""
    loop, x, height = _loop_of_nine(dice)
    low = dice(-10, 20)
    top = corner(x + dice(-3, 2), height * dice(0.5, 1.0), dice(0, 1))
    stem: Line = [(x + dice(-2, 8), dice(56, 72)), (x * dice(0.55, 0.75), 100)]
    return [[*loop, top, *stem, (low, dice(88, 100)), (low - dice(2, 12), dice(74, 88))]]


FIVE_TO_NINE: dict[int, list[tuple[float, Style]]] = {
    5: [(50, _two_stroke_five), (35, _one_stroke_five), (15, _s_five)],
    6: [(52, _six), (10, _spiral_six), (22, _leaning_six), (16, _upright_six)],
    7: [(56, _seven), (44, _barred_seven)],
    8: [(50, _eight), (16, _open_eight), (8, _eight_from_the_waist), (14, _snowman), (12, _hourglass)],
    9: [
        (30, _straight_nine),
        (26, _curved_nine),
        (12, _two_stroke_nine),
        (12, _spiral_nine),
        (10, _open_nine),
        (12, _hooked_nine),
    ],
}
"""Styles of each digit, with rough estimates of how common each style is."""
