"""Strokes of handwritten digits in many styles."""

from __future__ import annotations

import numpy as np

from core.handwriting.strokes.five_to_nine import FIVE_TO_NINE
from core.handwriting.strokes.pen import Dice, Strokes, apply_handwriting
from core.handwriting.strokes.rare_digits import RARE_DIGITS
from core.handwriting.strokes.zero_to_four import ZERO_TO_FOUR

_STYLES = {digit: styles + RARE_DIGITS[digit] for digit, styles in (ZERO_TO_FOUR | FIVE_TO_NINE).items()}


def digit_strokes(digit: int, rng: np.random.Generator) -> Strokes:
    """Return the strokes of a digit in a random style."""
    return apply_handwriting(Dice(rng).pick(_STYLES[digit]), rng)
