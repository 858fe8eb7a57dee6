"""Lesson 1: a picture is 784 numbers."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.ink.drawing import Drawing
from core.language import Message, tr
from core.lessons.examples import clearest
from core.lessons.results import Result
from dashboard.lessons.lesson import Lesson, ask, finish, to_do
from dashboard.lessons.material import images, predictions
from dashboard.lessons.pixel_pad import pixel_pad
from dashboard.parts.pixel_table import pixel_table
from dashboard.parts.png import image_html
from dashboard.parts.prediction import show_prediction
from dashboard.session.hands import current_model

_GOAL = 7
_RANGES = {"few": (0, 30), "some": (31, 90), "many": (91, 784)}
_OPTIONS = {"few": Message("30 or fewer"), "some": Message("31 to 90"), "many": Message("more than 90")}


def _show() -> None:
    st.markdown(
        tr(
            "A model has no eyes. It gets a list of **784 numbers**, one for each pixel of a picture of 28 × 28 "
            "pixels: 0 is black, 255 is white. From these numbers alone, it works out which digit it is."
        )
    )
    question = tr("How many white pixels does it take for the model to read a {digit}?", digit=_GOAL)
    guess = ask("pixels", question, _OPTIONS)
    if guess is None:
        return
    st.markdown(
        tr("**Now paint a {digit}**, large and in the middle, and watch the answer after every stroke.", digit=_GOAL)
    )
    left, right = st.columns(2, gap="large")
    with left:
        image = pixel_pad("pixel_pad")
    lit = int(np.count_nonzero(image))
    reading = current_model()[1].read_drawing(Drawing.of_image(image)) if lit else None
    with right:
        show_prediction(reading, tr("Paint a digit"), key="pixels_answer")
        st.markdown(tr("**{lit}** of 784 numbers are not 0.", lit=lit))
    if reading is not None and reading.shown_digits == (_GOAL,):
        finding = tr("The model reads a {digit} from {count} white pixels.", digit=_GOAL, count=lit)
        verdict = tr("Your guess was right.") if _is_right(guess, lit) else tr("Your guess was different.")
        finish("pixels", guess, f"{finding} {verdict}", lit=lit)
    elif reading is not None and reading.verdict == "not_a_digit":
        to_do(tr("The model sees no digit yet. Keep painting, or erase pixels that do not belong to it."))
    else:
        to_do(tr("The lesson is done when the model reads a {digit}.", digit=_GOAL))
    _show_numbers(image)


def _show_numbers(image: np.ndarray) -> None:
    with st.expander(tr("See all 784 numbers"), icon=":material/grid_on:"):
        pixel_table(image)
    data = images()
    index = clearest(predictions(data), _GOAL)
    if index is None:
        return
    real = data.validation.images[index]
    with st.expander(tr("See a {digit} that somebody wrote on paper", digit=_GOAL), icon=":material/history_edu:"):
        st.markdown(
            tr(
                "Of all {digit}s in the validation images, the model is most sure about this one. {lit} of its "
                "pixels are not black; many are grey, because it was scanned from paper.",
                digit=_GOAL,
                lit=int(np.count_nonzero(real)),
            )
        )
        st.html(image_html(real, 224, tr("a handwritten {digit}", digit=_GOAL)))


def _is_right(guess: str, lit: int) -> bool:
    low, high = _RANGES[guess]
    return low <= lit <= high


def _report(result: Result) -> str:
    return tr(
        "I painted a {digit} with {lit:.0f} of 784 pixels, and the model read it.",
        digit=_GOAL,
        lit=result.measured.get("lit", 0),
    )


LESSON = Lesson(
    "pixels",
    Message("A picture is 784 numbers"),
    Message("A model sees no shapes, only one number for each pixel."),
    ":material/grid_on:",
    _OPTIONS,
    _show,
    _report,
)
