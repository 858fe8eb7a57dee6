"""Synthetic handwriting: digits in many styles, and letters, scribbles and shapes that are not digits."""

from core.handwriting.strokes.canvas import draw_digits, render
from core.handwriting.strokes.digits import digit_strokes
from core.handwriting.strokes.doodles import DOODLES, HELD_OUT_DOODLES, doodle_strokes
from core.handwriting.strokes.figures import scribble_strokes, shape_strokes
from core.handwriting.strokes.letters import HELD_OUT_LETTERS, LETTERS, LETTERS_UNLIKE_DIGITS, letter_strokes

__all__ = [
    "DOODLES",
    "HELD_OUT_DOODLES",
    "HELD_OUT_LETTERS",
    "LETTERS",
    "LETTERS_UNLIKE_DIGITS",
    "digit_strokes",
    "doodle_strokes",
    "draw_digits",
    "letter_strokes",
    "render",
    "scribble_strokes",
    "shape_strokes",
]
