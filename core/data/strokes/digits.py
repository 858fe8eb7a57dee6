"""The ten digits in the styles in which people of many countries write them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.data.strokes.pen import Dice, Line, Skeleton, Strokes, arc, corner, written

Style = Callable[[Dice], Skeleton]


def digit_strokes(digit: int, generator: np.random.Generator) -> Strokes:
    """One handwritten digit: strokes of (x, y), each float (k, 2), y down, in a box of any place and size."""
    return written(Dice(generator).pick(_STYLES[digit]), generator)


# 0


def _oval(dice: Dice) -> Skeleton:
    """Closed, overlapping or not quite met, begun near the top or anywhere, either way round."""
    begin = -90 + dice(-50, 50) if dice.chance(0.8) else dice(0, 360)
    sweep = dice(345, 400) * (1 if dice.chance(0.2) else -1)
    return [arc((40, 50), (dice(24, 50), 50), begin, sweep, dice(0.92, 1.06), dice(1.8, 2.7))]


def _open_oval(dice: Dice) -> Skeleton:
    begin = -90 + dice(-15, 45)
    return [arc((40, 50), (dice(28, 44), 50), begin, -dice(315, 345), dice(0.88, 1.02), dice(1.8, 2.5))]


def _curled_oval(dice: Dice) -> Skeleton:
    """It ends in a small loop or a tail at the top."""
    begin = -90 + dice(-30, 40)
    width = dice(28, 42)
    line = arc((40, 50), (width, 50), begin, -dice(345, 365), dice(0.93, 1.0))
    x, y = line[-1][:2]
    tail = dice(8, 26)
    return [[*line, (x - tail, y + dice(-2, 12))]]


def _slashed_oval(dice: Dice) -> Skeleton:
    width, reach = dice(36, 48), dice(0.5, 1.15)
    slash: Line = [(40 + reach * width * 0.75, 50 - reach * 40), (40 - reach * width * 0.75, 50 + reach * 40)]
    return [*_oval_of(dice, width), slash if dice.chance(0.8) else slash[::-1]]


def _oval_of(dice: Dice, width: float) -> Skeleton:
    return [arc((40, 50), (width, 50), -90 + dice(-30, 30), -dice(350, 385), dice(0.97, 1.03))]


# 1


def _bare_one(dice: Dice) -> Skeleton:
    line: Line = [(0, 0), (dice(-4, 4), 50), (0, 100)]
    return [line if dice.chance(0.92) else line[::-1]]


def _flag(dice: Dice) -> tuple[float, float]:
    """Where the upstroke begins: never so flat that the 1 could be a 7."""
    width = dice(8, 30)
    return -width, min(width * dice(1.05, 1.9), 60)


def _flagged_one(dice: Dice) -> Skeleton:
    return [[_flag(dice), corner(0, 0, dice(0.6, 1)), (dice(-3, 3), 50), (dice(-4, 4), 100)]]


def _foot(dice: Dice) -> Line:
    tilt = dice(-4, 4)
    return [(-dice(14, 34), 100 + tilt), (dice(14, 34), 100 - tilt)]


def _footed_one(dice: Dice) -> Skeleton:
    return [[(0, 0), (dice(-3, 3), 50), (0, dice(95, 101))], _foot(dice)]


def _printed_one(dice: Dice) -> Skeleton:
    """With flag and foot."""
    return [*_flagged_one(dice), _foot(dice)]


def _printed_one_in_one_stroke(dice: Dice) -> Skeleton:
    left, right = _foot(dice)
    return [[_flag(dice), corner(0, 0), corner(0, 100), corner(*left[:2]), right]]


# 2


def _round_top(dice: Dice, width: float) -> Line:
    """The arch of a 2, from its beginning at the left to the start of the way down."""
    begin: Line = [(dice(0, 10), dice(14, 32))]
    if dice.chance(0.15):  # a curl inwards
        begin = [(dice(16, 26), dice(24, 32)), (dice(4, 10), dice(24, 30)), (dice(4, 9), dice(12, 18))]
    return [*begin, (width * 0.45, 0), (width * dice(0.92, 1.0), dice(18, 32))]


def _round_two(dice: Dice) -> Skeleton:
    """A round top, a corner at the lower left, a straight foot."""
    width = dice(48, 72)
    down: Line = [(width * dice(0.6, 0.8), dice(52, 62)), corner(dice(-4, 8), dice(93, 100), dice(0.7, 1))]
    return [[*_round_top(dice, width), *down, (width + dice(-8, 16), 100 + dice(-8, 5))]]


def _looped_two(dice: Dice) -> Skeleton:
    """A small loop at the lower left."""
    width, size = dice(50, 70), dice(7, 15)
    loop: Line = [
        (size + 6, 100 - size * 0.6),
        (2, 100),
        (-2, 100 - size * 1.1),
        (size + 2, 100 - size * 1.3),
        (width * 0.6, 100 - size * 0.3),
    ]
    return [[*_round_top(dice, width), (width * 0.72, dice(48, 58)), *loop, (width + dice(0, 14), 100 + dice(-7, 4))]]


def _wide_looped_two(dice: Dice) -> Skeleton:
    """A large loop at the lower left, and a tail that leaves it to the right."""
    width, size = dice(44, 62), dice(14, 24)
    left = dice(-16, 0)
    loop: Line = [
        (width * 0.55, 78),
        (left + size * 1.4, dice(96, 101)),
        (left, 100 - size * 0.6),
        (left + size * 1.3, 100 - size * dice(1.2, 1.6)),
    ]
    tail: Line = [(width * 0.85, dice(86, 98)), (width + dice(4, 30), 100 + dice(-10, 4))]
    return [[*_round_top(dice, width), (width * dice(0.8, 0.98), dice(46, 56)), *loop, *tail]]


def _angular_two(dice: Dice) -> Skeleton:
    """Nearly a Z, but round or dropped at its upper corners."""
    width = dice(48, 66)
    top: Line = [(0, dice(10, 20)), (dice(8, 16), dice(1, 6)), (width * 0.75, 0), (width, dice(10, 20))]
    return [[*top, corner(dice(-3, 5), 98), (width + dice(-4, 10), dice(95, 102))]]


def _swan(dice: Dice) -> Skeleton:
    """A long bent neck that runs into a wave."""
    width = dice(50, 70)
    neck: Line = [(width * dice(0.6, 0.75), dice(46, 58)), (width * 0.25, dice(80, 88)), (0, dice(95, 100), 0.4)]
    wave: Line = [(width * 0.3, dice(88, 94)), (width * 0.7, dice(97, 102)), (width + dice(0, 12), dice(86, 96))]
    return [[*_round_top(dice, width), *neck, *wave]]


# 3


def _lower_belly(dice: Dice, width: float, waist: float) -> Line:
    end: Line = [(dice(-16, 8), dice(82, 96))]
    if dice.chance(0.15):
        end = [(dice(-4, 6), dice(88, 94)), (dice(0, 8), dice(76, 82))]
    return [(width, waist + (100 - waist) * dice(0.4, 0.55)), (width * 0.5, 100), *end]


def _round_three(dice: Dice) -> Skeleton:
    upper, lower, waist = dice(44, 60), dice(48, 66), dice(40, 52)
    top: Line = [(dice(-2, 8), dice(8, 22)), (upper * 0.5, 0), (upper, waist * dice(0.4, 0.55))]
    return [[*top, corner(dice(16, 30), waist, dice(0.5, 1)), *_lower_belly(dice, lower, waist)]]


def _open_three(dice: Dice) -> Skeleton:
    """Its waist hardly comes in."""
    upper, waist = dice(48, 58), dice(42, 52)
    top: Line = [(dice(-2, 6), dice(6, 16)), (upper * 0.5, 0), (upper, waist * 0.45)]
    return [[*top, corner(upper * dice(0.58, 0.7), waist, dice(0.3, 1)), *_lower_belly(dice, upper + 6, waist)]]


def _looped_three(dice: Dice) -> Skeleton:
    """A small loop in the waist."""
    upper, lower, waist, size = dice(44, 58), dice(48, 64), dice(42, 50), dice(4, 9)
    top: Line = [(dice(-2, 8), dice(8, 20)), (upper * 0.5, 0), (upper, waist * 0.45)]
    loop: Line = [(26, waist + size * 0.6), (dice(10, 18), waist + size * 0.3), (20, waist - size), (34, waist + 2)]
    return [[*top, *loop, *_lower_belly(dice, lower, waist)]]


def _flat_three(dice: Dice) -> Skeleton:
    """A straight top, a slanted line to the waist."""
    width, waist = dice(46, 60), dice(34, 46)
    top: Line = [(dice(-2, 6), dice(-2, 5)), corner(width, dice(-2, 3), dice(0.7, 1)), corner(dice(16, 30), waist)]
    return [[*top, *_lower_belly(dice, width + dice(0, 10), waist)]]


# 4


def _open_four(dice: Dice) -> Skeleton:
    """An angle, and a stem through its foot."""
    bar, stem, width = dice(50, 66), dice(34, 50), dice(58, 76)
    head = stem - dice(16, 34)
    angle: Line = [(head, dice(-2, 8)), corner(dice(-3, 5), bar, dice(0.5, 1)), (width, bar + dice(-9, 3))]
    return [angle, [(stem + dice(-2, 6), dice(2, 34)), (stem + dice(-5, 3), 100)]]


def _closed_four(dice: Dice) -> Skeleton:
    """A triangle: angle and stem begin at one place."""
    bar, stem, width = dice(54, 70), dice(38, 52), dice(0, 26)
    apex = (stem + dice(-4, 4), dice(-2, 4))
    angle: Line = [apex, corner(dice(-3, 4), bar, dice(0.7, 1)), (stem + width, bar + dice(-5, 3))]
    if dice.chance(0.35):  # from the foot of the stem on, without lifting the pen
        return [[(stem, 100), corner(*apex), *angle[1:]]]
    return [angle, [(apex[0] + dice(-2, 2), apex[1] + dice(-3, 6)), (stem + dice(-3, 3), 100)]]


def _four_in_one_stroke(dice: Dice) -> Skeleton:
    """Down, across, up to the head of the stem, and down."""
    bar, stem = dice(42, 58), dice(42, 58)
    cup: Line = [(dice(-2, 10), dice(0, 8)), (dice(-2, 4), bar * 0.7), corner(dice(2, 8), bar, dice(0, 0.9))]
    turn: Line = [(stem * 0.5, bar + dice(-2, 4)), corner(stem - dice(0, 6), bar * dice(0.6, 0.85), dice(0, 0.8))]
    return [[*cup, *turn, corner(stem + dice(-2, 5), dice(0, 14)), (stem - dice(0, 8), 100)]]


def _chair_four(dice: Dice) -> Skeleton:
    """An h upside down: the stem hardly stands above the bar."""
    bar, stem = dice(44, 56), dice(40, 54)
    seat: Line = [(dice(-2, 6), 0), corner(dice(-2, 4), bar, dice(0.4, 1)), (stem + dice(0, 12), bar + dice(-4, 3))]
    return [seat, [(stem, bar - dice(8, 24)), (stem - dice(-2, 8), 100)]]


def _lightning_four(dice: Dice) -> Skeleton:
    """A long slanted line, the bar, and a short stem through it."""
    bar, stem = dice(58, 70), dice(32, 46)
    angle: Line = [(stem + dice(-4, 10), 0), corner(0, bar), (stem + dice(14, 30), bar + dice(-4, 3))]
    return [angle, [(stem + dice(0, 6), bar - dice(14, 30)), (stem + dice(-6, 2), 100 + dice(0, 8))]]


# 5


def _belly(dice: Dice, width: float, shoulder: float) -> Line:
    """The bowl of a 5, from the corner at the left to its end."""
    end: Line = [(dice(-6, 8), dice(86, 97))]
    if dice.chance(0.12):
        end = [(dice(-4, 8), dice(90, 98)), (dice(-6, 0), dice(78, 86))]
    middle = shoulder + (100 - shoulder) * dice(0.42, 0.55)
    return [(width * dice(0.5, 0.65), shoulder - dice(0, 9)), (width, middle), (width * dice(0.45, 0.6), 100), *end]


def _two_stroke_five(dice: Dice) -> Skeleton:
    """Neck and belly, then the cap, which may stand apart."""
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
    """Like an S, with a straight cap."""
    width, shoulder, left = dice(50, 62), dice(38, 48), dice(6, 12)
    cap: Line = [(left + dice(38, 54), dice(-4, 2)), corner(left + dice(4, 12), dice(1, 6), dice(0.1, 0.6))]
    return [[*cap, (left - dice(0, 5), shoulder * 0.75), *_belly(dice, width, shoulder + 2)]]


# 6


def _six(dice: Dice) -> Skeleton:
    """A stem, straight or bent, and a loop, small or large, closed or not."""
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
    """The loop winds into itself."""
    top, width = dice(44, 58), dice(44, 58)
    middle = (top + 100) / 2
    stem: Line = [(width * dice(0.5, 0.9), 0), (width * 0.15, top * 0.7), (0, middle)]
    bowl: Line = [(width * 0.45, 100), (width, middle), (width * 0.5, top), (width * 0.22, middle)]
    return [[*stem, *bowl, (width * 0.5, middle + dice(6, 14)), (width * 0.66, middle)]]


def _leaning_six(dice: Dice) -> Skeleton:
    """A wide bowl whose loop lies at its right, and often doesn't come back to the stem."""
    width, top = dice(52, 80), dice(40, 66)
    head, reach = width * dice(0.3, 0.95), dice(0.15, 0.6)
    stem: Line = [(head, 0), (head * 0.35, dice(28, 44)), (0, dice(66, 80)), (width * 0.35, 100)]
    loop: Line = [(width * 0.9, dice(88, 94)), (width, (top + 100) / 2 - 4), (width * dice(0.68, 0.8), top)]
    return [[*stem, *loop, (width * reach, (top + 100) / 2), (width * (reach + dice(-0.02, 0.1)), dice(88, 97))]]


def _upright_six(dice: Dice) -> Skeleton:
    """A straight stem down to the foot, where the loop is hung on."""
    top, width = dice(46, 66), dice(34, 54)
    stem: Line = [(dice(0, 16), 0), (0, 60), corner(dice(-1, 3), dice(90, 96), dice(0, 0.7))]
    bowl: Line = [(width * 0.5, 100), (width, (top + 100) / 2), (width * 0.5, top), (2, top + dice(6, 16))]
    return [[*stem, *bowl]]


# 7


def _stem_of_seven(dice: Dice, width: float) -> Line:
    foot = width * dice(0.0, 0.7)
    bend = dice(-3, 12)
    return [((width + foot) / 2 - bend, 50 + dice(-5, 5)), (foot, 100)]


def _seven(dice: Dice) -> Skeleton:
    """A bar and a stem; the bar may begin with a serif, wave, or rise."""
    width = dice(50, 80)
    bar: Line = [(0, dice(-3, 8))]
    if dice.chance(0.25):
        bar = [(dice(-5, 3), dice(14, 26)), corner(0, dice(0, 5), dice(0.5, 1))]
    elif dice.chance(0.15):
        bar = [(0, dice(8, 14)), (width * 0.25, dice(-4, 1)), (width * 0.65, dice(4, 9))]
    return [[*bar, corner(width, dice(-4, 5), dice(0.0, 1)), *_stem_of_seven(dice, width)]]


def _barred_seven(dice: Dice) -> Skeleton:
    stem = _seven(dice)[0]
    x, y = stem[-2][:2]
    tilt = dice(-5, 5)
    return [stem, [(x - dice(14, 28), y + tilt), (x + dice(14, 28), y - tilt)]]


def _footed_seven(dice: Dice) -> Skeleton:
    """Its bar is wide and its foot short: the other way round it is a 1."""
    width, foot = dice(62, 80), dice(16, 34)
    stem: Line = [(0, dice(-3, 5)), corner(width, dice(-3, 3)), (width * 0.6, 48), (foot, 100)]
    return [stem, [(foot - dice(8, 14), 100 + dice(-3, 3)), (foot + dice(8, 14), 100 + dice(-3, 3))]]


# 8


def _eight(dice: Dice) -> Skeleton:
    """In one stroke, begun like an S at the top; its ends meet, cross or stay apart."""
    waist, upper, lower, middle = dice(34, 60), dice(15, 30), dice(15, 32), 30.0
    begin: Line = [(middle + upper * dice(0.6, 1), waist * dice(0.2, 0.45)), (middle, 0)]
    there: Line = [(middle - upper, waist * 0.5), (middle, waist), (middle + lower, (waist + 100) / 2)]
    back: Line = [(middle, 100), (middle - lower, (waist + 100) / 2), (middle - dice(-3, 6), waist + dice(-3, 4))]
    gap = dice(0, 8) if dice.chance(0.75) else dice(8, 16)
    end = (middle + upper * dice(0.75, 1.1), waist * dice(0.3, 0.5) - 2)
    line = [*begin, *there, *back, (end[0], end[1] + gap), (begin[0][0] + dice(-3, 3), begin[0][1] + gap)]
    return [line if dice.chance(0.85) else [(2 * middle - x, y) for x, y, *_ in line]]


def _open_eight(dice: Dice) -> Skeleton:
    """It begins and ends in lines that run out to the upper right."""
    waist, upper, lower = dice(38, 54), dice(17, 25), dice(18, 28)
    begin: Line = [(30 + upper * dice(0.7, 1.3), dice(0, 14)), (30, dice(0, 6)), (30 - upper, waist * 0.5)]
    low: Line = [(30, waist), (30 + lower, (waist + 100) / 2), (30, 100), (30 - lower, (waist + 100) / 2)]
    return [[*begin, *low, (30 + dice(-4, 4), waist - dice(0, 6)), (30 + upper * dice(1, 1.8), dice(-4, 16))]]


def _eight_from_the_waist(dice: Dice) -> Skeleton:
    waist, upper, lower = dice(42, 54), dice(18, 26), dice(20, 30)
    top: Line = [(30, waist), (30 + upper, waist * 0.5), (30, 0), (30 - upper, waist * 0.5)]
    low: Line = [(30, waist), (30 + lower, (waist + 100) / 2), (30, 100), (30 - lower, (waist + 100) / 2)]
    return [[*top, *low, (30 + dice(-4, 4), waist + dice(-4, 3))]]


def _snowman(dice: Dice) -> Skeleton:
    """Two circles."""
    waist, upper, lower = dice(40, 52), dice(18, 26), dice(20, 32)
    shift, touch = dice(-4, 4), dice(-3, 4)
    head = arc((30 + shift, waist / 2), (upper, waist / 2), dice(0, 360), -dice(350, 390), dice(0.95, 1.05))
    body = arc((30, (waist + 100) / 2 - touch), (lower, (100 - waist) / 2), dice(-130, -50), -dice(350, 390))
    return [head, body]


def _hourglass(dice: Dice) -> Skeleton:
    """Two straight lines that cross, joined at top and bottom."""
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
    """The loop, drawn against the clock from the upper right, and where the stem begins."""
    width, height = dice(18, 34), dice(15, 31)
    begin = dice(-60, -10)
    sweep = dice(300, 345) if dice.chance(0.8) else dice(265, 300)
    return arc((28, height), (width, height), begin, -sweep, dice(0.94, 1.04)), 28 + width, height


def _straight_nine(dice: Dice) -> Skeleton:
    loop, x, height = _loop_of_nine(dice)
    top = (x + dice(-2, 3), height * dice(0.3, 0.9))
    return [[*loop, corner(*top, dice(0.4, 1)), (top[0] - dice(0, 6), 60), (top[0] - dice(-2, 18), 100)]]


def _curved_nine(dice: Dice) -> Skeleton:
    """The stem bends to the left, up to the hook of a g."""
    loop, x, height = _loop_of_nine(dice)
    top = (x + dice(-2, 2), height * dice(0.4, 0.9))
    stem: Line = [corner(*top, dice(0.3, 1)), (top[0] + dice(-3, 2), dice(60, 74))]
    if dice.chance(0.5):
        return [[*loop, *stem, (top[0] - dice(8, 18), 94), (top[0] - dice(24, 42), 100 + dice(-4, 4))]]
    return [
        [*loop, *stem, (top[0] - dice(12, 20), 99), (top[0] - dice(30, 44), 98), (top[0] - dice(44, 54), dice(80, 90))]
    ]


def _two_stroke_nine(dice: Dice) -> Skeleton:
    """A closed loop, and a stem set beside it."""
    width, height = dice(18, 28), dice(18, 30)
    loop = arc((28, height), (width, height), dice(-70, 0), -dice(345, 385), dice(0.96, 1.04))
    x = 28 + width + dice(-3, 3)
    return [loop, [(x, dice(-3, height * 0.8)), (x - dice(-2, 6), 60), (x - dice(-2, 16), 100)]]


def _spiral_nine(dice: Dice) -> Skeleton:
    """A 6 upside down: from the foot of the stem over the top into the loop, or the other way."""
    line = [(60 - x, 100 - y, *rest) for x, y, *rest in _six(dice)[0]]
    return [line if dice.chance(0.5) else line[::-1]]


_STYLES: dict[int, list[tuple[float, Style]]] = {
    0: [(70, _oval), (12, _open_oval), (12, _curled_oval), (6, _slashed_oval)],
    1: [
        (45, _bare_one),
        (28, _flagged_one),
        (8, _footed_one),
        (14, _printed_one),
        (5, _printed_one_in_one_stroke),
    ],
    2: [(40, _round_two), (18, _looped_two), (16, _wide_looped_two), (12, _angular_two), (14, _swan)],
    3: [(50, _round_three), (12, _open_three), (18, _looped_three), (20, _flat_three)],
    4: [(36, _open_four), (26, _closed_four), (20, _four_in_one_stroke), (8, _chair_four), (10, _lightning_four)],
    5: [(50, _two_stroke_five), (35, _one_stroke_five), (15, _s_five)],
    6: [(52, _six), (10, _spiral_six), (22, _leaning_six), (16, _upright_six)],
    7: [(64, _seven), (30, _barred_seven), (3, _footed_seven)],
    8: [(50, _eight), (16, _open_eight), (8, _eight_from_the_waist), (14, _snowman), (12, _hourglass)],
    9: [(38, _straight_nine), (34, _curved_nine), (18, _two_stroke_nine), (10, _spiral_nine)],
}
"""Styles of each digit with the shares of people who write them, by rough estimate."""
