"""A number on the page: its digits in one line, brackets below them in the ink, and the prediction for each digit."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from core.classifier.number_reader import NumberReading
from core.classifier.predictor import Reading, format_confidence
from dashboard.draw.reading import show_prediction

_BRACKET_COLOUR = (45, 212, 191)
_BRACKET_GAP, _TICK_HEIGHT = 6, 6
"""Distance of a bracket from its digit, and height of the bracket's ends, in pixels of the drawing."""

_MIN_DIGIT_WIDTH = 340
"""Minimum width of a digit's prediction in pixels, for the large digit and its bars side by side."""

SENTENCES = {
    "digit": "The model is sure of every digit.",
    "unsure": "At least one digit is a close call or unlike the training data; see below.",
    "not_a_digit": "Most of these digits are unlike any digit in the training data.",
}
"""A sentence for each verdict on a number."""


def show_number(number: NumberReading | None, prompt: str) -> None:
    """Show the number large with a sentence, or the prompt if there is no ink."""
    text = (number.number or "Not a number") if number else prompt
    answered = number is not None and number.number is not None
    sentence = SENTENCES[number.verdict] if number else ""
    st.html(
        f'<div class="trazo-number{" answered" if answered else ""}" role="status">'
        f"<div>{escape(text)}</div><p>{escape(sentence)}</p></div>"
    )


def show_digits(number: NumberReading) -> None:
    """Show the ink with a bracket below each digit, and the prediction for each digit from left to right."""
    st.image(_bracketed(number), caption="Each bracket marks ink that was read as one digit.")
    with st.grid(2, min_column_width=_MIN_DIGIT_WIDTH):
        for position, digit in enumerate(number.digits):
            with st.container(key=f"digit_{position}"):
                st.caption(f"Digit {position + 1}: {_candidates(digit.reading)}")
                show_prediction(digit.reading, "", key=f"answer_{position}")


def _candidates(reading: Reading) -> str:
    first, second = reading.candidates
    assert reading.probabilities is not None
    return f"{first}, second best {second} ({format_confidence(float(reading.probabilities[second]))})"


def _bracketed(number: NumberReading) -> np.ndarray:
    """Return the ink as a picture uint8 (h, w, 3) with a bracket below each digit."""
    ink = number.all_ink.drawing.ink
    picture = Image.fromarray(np.pad(ink, ((0, _BRACKET_GAP + _TICK_HEIGHT), (0, 0)))).convert("RGB")
    pen = ImageDraw.Draw(picture)
    for digit in number.digits:
        _, left, bottom, right = digit.box
        low = bottom + _BRACKET_GAP
        pen.line(
            [(left, low - _TICK_HEIGHT), (left, low), (right, low), (right, low - _TICK_HEIGHT)],
            _BRACKET_COLOUR,
            width=2,
        )
    return np.asarray(picture)
