"""The Draw page: draw a digit or choose a picture, and see the answer and the steps to the model's image."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import streamlit as st

from core.classifier.predictor import Reading, prediction_lock
from core.errors import TrazoError
from core.ink.drawing import Pixels
from dashboard.draw.canvas import drawing_canvas
from dashboard.draw.reading import show_answer, show_steps
from dashboard.parts.headings import heading
from dashboard.server import metrics
from dashboard.server.pictures import POOL
from dashboard.session import cache
from dashboard.session.client import client
from dashboard.session.permission import safe_text

STYLE = Path(__file__).parent.parent / "assets" / "draw.css"
DRAW, UPLOAD, PHOTO = "Draw", "Upload a picture", "Take a photo"
PROMPTS = {DRAW: "Draw a digit", UPLOAD: "Choose a picture", PHOTO: "Take a photo"}


def show_error(error: TrazoError) -> None:
    st.error(safe_text(error), icon=":material/error:")


def drawn(brush_width: int) -> Pixels | None:
    """Return the ink on the canvas; None if it is empty or could not be read, which the page then says."""
    try:
        return drawing_canvas(brush_width)
    except TrazoError as error:
        show_error(error)
        return None


def ink_of_file(way: str) -> Pixels | None:
    """Return the ink in an uploaded picture or a photo; None and a sentence on the page if there is none."""
    if way == PHOTO:
        file = st.camera_input("Photo of one digit on paper", key="photo")
    else:
        file = st.file_uploader("Picture of one digit", key="upload")
        st.caption("PNG, JPEG, WebP, GIF, BMP or TIFF; a photo of dark ink on paper will do, too.")
    if file is None:
        return None
    try:
        ink = POOL.ink_from_thread(file.getvalue(), client())
    except TrazoError as error:
        show_error(error)
        return None
    if not ink.any():
        st.warning("There is no ink in this picture; choose one with a digit on it.", icon=":material/ink_pen:")
        return None
    return ink


def read(ink: Pixels | None) -> Reading | None:
    """Return the answer of the model in use; None if there is no ink or no model could answer."""
    if ink is None:
        return None
    try:
        reading = metrics.counted("page", lambda: cache.predictor().read(ink))
    except TrazoError as error:
        show_error(error)
        return None
    return None if reading.verdict == "blank" else reading


@st.fragment
def reader() -> None:
    """Everything that runs again after a stroke: from the ink to the answer."""
    way = st.segmented_control(
        "Where the digit comes from",
        list(PROMPTS),
        default=DRAW,
        required=True,
        key="way",
        label_visibility="collapsed",
    )
    # A large picture takes long, and would keep everybody else waiting.
    with prediction_lock if way == DRAW else nullcontext():
        read_and_show(way)


def read_and_show(way: str) -> None:
    with st.container(key="draw_and_read"):
        pen, answer, brush = st.container(key="pen"), st.container(key="answer_frame"), st.container(key="brush")
    with brush:
        # Drawn before the canvas, which needs the width, and shown below it.
        width = st.slider("Brush width", 8, 30, 20, key="brush_width", format="%d px") if way == DRAW else None
    with pen:
        reading = read(drawn(width) if width else ink_of_file(way))
    with answer:
        show_answer(reading, PROMPTS[way])
    st.subheader("How your drawing became the model's image", anchor=False)
    st.markdown("MNIST's digits were prepared in these five steps. Every drawing goes through the same steps.")
    show_steps(reading.drawing if reading else None)


heading(
    "Draw",
    "Draw a digit from 0 to 9 on the black canvas. The model reads it after every stroke and shows how sure it is.",
)
st.html(STYLE)
reader()
