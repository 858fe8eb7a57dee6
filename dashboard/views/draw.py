"""The Draw page: draw a digit or choose a picture, and see the prediction and the steps to the model's image."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TypeVar

import streamlit as st

from core.classifier.number_reader import NumberReading
from core.classifier.predictor import Reading, prediction_lock
from core.errors import TrazoError
from core.ink.canvas_strokes import Stroke
from core.ink.drawing import Pixels
from core.ink.picture_ink import PictureInk
from dashboard.draw.canvas import canvas_strokes, drawing_canvas
from dashboard.draw.number import show_digits, show_number
from dashboard.draw.reading import show_prediction, show_steps
from dashboard.parts.headings import heading
from dashboard.server import metrics
from dashboard.server.pictures import POOL
from dashboard.session import cache, state
from dashboard.session.client import client
from dashboard.session.permission import safe_text

STYLE = Path(__file__).parent.parent / "assets" / "draw.css"
DRAW = "Draw"
UPLOAD = "Upload a picture"
PHOTO = "Take a photo"
PROMPTS = {DRAW: "Draw a digit", UPLOAD: "Choose a picture", PHOTO: "Take a photo"}
NUMBER_PROMPTS = {**PROMPTS, DRAW: "Draw a number"}
DIGIT = "One digit"
NUMBER = "A number"


def show_error(error: TrazoError) -> None:
    st.error(safe_text(error), icon=":material/error:")


def ink_from_canvas(brush_width: int) -> tuple[Pixels | None, list[Stroke] | None]:
    """Return the ink and the strokes on the canvas, None if it is empty; show an error if it cannot be read."""
    try:
        return drawing_canvas(brush_width), canvas_strokes()
    except TrazoError as error:
        show_error(error)
        return None, None


def ink_from_file(source: str) -> PictureInk | None:
    """Return the ink in an uploaded picture or a photo, or None; show an error if it cannot be read."""
    if source == PHOTO:
        file = st.camera_input("Photo of one digit on paper", key="photo")
    else:
        file = st.file_uploader("Picture of one digit", key="upload")
        st.caption("PNG, JPEG, WebP, GIF, BMP or TIFF; a photo of dark ink on paper works, too.")
    if file is None:
        return None
    try:
        return POOL.ink_from_thread(file.getvalue(), client())
    except TrazoError as error:
        show_error(error)
        return None


Result = TypeVar("Result", Reading, NumberReading)


def read(ink: Pixels | PictureInk | None, predict: Callable[[Pixels | PictureInk], Result]) -> Result | None:
    """Return the prediction, or None with a message if there is no ink or the prediction failed."""
    if ink is None:
        return None
    try:
        reading = metrics.track_prediction("page", lambda: predict(ink))
    except TrazoError as error:
        show_error(error)
        return None
    if reading.verdict != "blank":
        return reading
    if isinstance(ink, PictureInk):
        st.warning("There is no ink in this picture; choose one with a digit on it.", icon=":material/ink_pen:")
    return None


@st.fragment
def show_reader() -> None:
    """Show everything that changes after a stroke: from the ink to the prediction."""
    source = st.segmented_control(
        "Where the digit comes from",
        list(PROMPTS),
        default=DRAW,
        required=True,
        key="way",
        label_visibility="collapsed",
    )
    # The lock does not cover pictures: a large one takes long, and would block all other visitors.
    with prediction_lock if source == DRAW else nullcontext():
        read_and_show(source)


def read_and_show(source: str) -> None:
    with st.container(key="draw_and_read"):
        pen = st.container(key="pen")
        prediction = st.container(key="answer_frame")
        brush = st.container(key="brush")
    with brush:
        # Created first because the canvas and the prediction need them, but shown below the canvas.
        state.set_draw_mode(DIGIT, keep=True)
        mode = st.segmented_control("What to read", [DIGIT, NUMBER], required=True, key=state.DRAW_MODE)
        width = st.slider("Brush width", 8, 30, 20, key="brush_width", format="%d px") if source == DRAW else None
    with pen:
        ink, strokes = ink_from_canvas(width) if width else (ink_from_file(source), None)
    with prediction:
        if mode == NUMBER:
            number = read(ink, partial(cache.predictor().read_number, strokes=strokes))
            show_number(number, NUMBER_PROMPTS[source])
        else:
            reading = read(ink, partial(cache.predictor().read, strokes=strokes))
            show_prediction(reading, PROMPTS[source])
            if reading and reading.several:
                st.button(
                    "Read as a number",
                    key="read_number",
                    on_click=state.set_draw_mode,
                    args=(NUMBER,),
                    icon=":material/pin:",
                )
    if mode == NUMBER:
        if number:
            show_digits(number)
        return
    st.subheader("How your drawing became the model's image", anchor=False)
    st.markdown("MNIST's digits were prepared in these five steps. Every drawing goes through the same steps.")
    show_steps(reading.drawing if reading else None)


heading(
    "Draw",
    "Draw a digit from 0 to 9, or a number, on the black canvas. The model reads it after every stroke and shows how "
    "sure it is.",
)
st.html(STYLE)
show_reader()
