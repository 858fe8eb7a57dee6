"""Lesson 3: what a filter sees."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.ink.drawing import Pixels, prepare
from core.language import Message, number, tr
from core.lessons.examples import clearest
from core.lessons.filters import UPRIGHT, preference, respond
from core.lessons.results import Result
from dashboard.explain.colours import activation_picture
from dashboard.lessons.filter_numbers import filter_numbers, set_numbers
from dashboard.lessons.lesson import Lesson, ask, finish, to_do, verdict
from dashboard.lessons.material import images, predictions
from dashboard.lessons.own_digit import draw_digit
from dashboard.parts.glossary import term, text_with_terms
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.png import image_html

_OPTIONS = {
    "level": Message("Horizontal strokes"),
    "upright": Message("Vertical strokes"),
    "both": Message("Both the same"),
}
_IDENTITY = (0, 0, 0, 0, 1, 0, 0, 0, 0)
_BLUR = (1, 1, 1, 1, 1, 1, 1, 1, 1)
_BUTTONS = {
    "start": (Message("Start again"), UPRIGHT),
    "copy": (Message("Only the middle"), _IDENTITY),
    "blur": (Message("All the same"), _BLUR),
}


def _show() -> None:
    text_with_terms(
        tr(
            "A {filter} is a grid of 3 × 3 numbers that moves over the picture. At every position, it multiplies its "
            "numbers by the brightness below them and adds everything up. The result is bright where the picture "
            "looks like the filter.",
            filter=term("filter", tr("filter")),
        )
    )
    text_with_terms(
        tr(
            "Every {convolution} of the model has many of them. This one has **-1** in the left column, and **1** "
            "everywhere else.",
            convolution=term("convolution", tr("convolution")),
        )
    )
    guess = ask("filter", tr("Which strokes will it see best?"), _OPTIONS)
    if guess is None:
        return
    left, middle, right = st.columns([1.2, 1, 1.2], gap="large")
    with left:
        st.markdown(tr("**Your digit**"))
        image = _digit()
    with middle:
        st.markdown(tr("**The filter**"))
        kernel = filter_numbers(UPRIGHT)
        with st.container(horizontal=True, gap="xsmall", key="filter_buttons"):
            for name, (label, numbers) in _BUTTONS.items():
                st.button(tr(label), key=f"filter_{name}", on_click=set_numbers, args=(numbers,))
    response = respond(image, kernel)
    with right:
        st.markdown(tr("**What the filter sees**"))
        limit = float(np.abs(response).max()) or 1.0
        st.html(image_html(activation_picture(response, limit), 280, tr("the response of the filter")))
        st.caption(tr("Teal is above 0, orange below. The largest value is {value:.1f}.", value=float(response.max())))
    _show_measurement(guess, kernel)


def _digit() -> Pixels:
    """Return the image of the visitor's drawing, or of a handwritten 4 until there is one."""
    ink = draw_digit()
    image = prepare(ink).image if ink is not None else None
    if image is not None:
        return image
    st.caption(tr("Until you draw, this is a 4 that somebody wrote."))
    data = images()
    index = clearest(predictions(data), 4)
    return data.validation.images[index or 0]


def _show_measurement(guess: str, kernel: np.ndarray) -> None:
    measured, initial = preference(kernel), preference(np.array(UPRIGHT).reshape(3, 3))
    st.markdown(
        tr(
            "**Now turn it round.** Change the numbers until the filter sees horizontal strokes at least **twice as "
            "strongly** as vertical ones. Here it is measured on one stroke of each kind:"
        )
    )
    with st.grid(2, min_column_width=MIN_TILE_WIDTH):
        metric_tile(tr("On a horizontal stroke"), number(measured.level, ".1f"), tr("largest value"))
        metric_tile(tr("On a vertical stroke"), number(measured.upright, ".1f"), tr("largest value"))
    if not measured.prefers_level:
        to_do(tr("Where does a horizontal stroke have its edge? Put the negative numbers there."))
        return
    answer = "both" if initial.level == initial.upright else "level" if initial.level > initial.upright else "upright"
    finding = tr(
        "Your filter sees horizontal strokes. The first one saw vertical strokes, because at their left edge, dark "
        "meets bright."
    )
    finish(
        "filter",
        guess,
        f"{finding} {verdict(right=guess == answer)}",
        level=measured.level,
        upright=measured.upright,
    )


def _report(result: Result) -> str:
    return tr(
        "I built a filter of 3 × 3 numbers. It answers {level:.1f} on a horizontal stroke and {upright:.1f} on a "
        "vertical one.",
        level=result.measured.get("level", 0),
        upright=result.measured.get("upright", 0),
    )


LESSON = Lesson(
    "filter",
    Message("What a filter sees"),
    Message("A network looks for small patterns, each with nine numbers."),
    ":material/filter_center_focus:",
    _OPTIONS,
    _show,
    _report,
)
