"""The Draw page: draw a digit or choose a picture, and see the prediction and the steps to the model's image."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import streamlit as st

from core.classifier.predictor import Reading, prediction_lock
from core.errors import TrazoError
from core.ink.drawing import Pixels
from core.ink.picture_ink import PictureInk
from dashboard.draw.canvas import drawing_canvas
from dashboard.draw.reading import show_prediction, show_steps
from dashboard.parts.headings import heading
from dashboard.server import metrics
from dashboard.server.pictures import POOL
from dashboard.session import cache
from dashboard.session.client import client
from dashboard.session.permission import safe_text

STYLE = Path(__file__).parent.parent / "assets" / "draw.css"
DRAW = "Draw"
UPLOAD = "Upload a picture"
PHOTO = "Take a photo"
PROMPTS = {DRAW: "Draw a digit", UPLOAD: "Choose a picture", PHOTO: "Take a photo"}


def show_error(error: TrazoError) -> None:
    st.error(safe_text(error), icon=":material/error:")


def ink_from_canvas(brush_width: int) -> Pixels | None:
    """Return the ink on the canvas, or None if it is empty; show an error if it cannot be read."""
    try:
        return drawing_canvas(brush_width)
    except TrazoError as error:
        show_error(error)
        return None


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


def read(ink: Pixels | PictureInk | None) -> Reading | None:
    """Return the active model's reading, or None with a message if there is no ink or the prediction failed."""
    if ink is None:
        return None
    try:
        reading = metrics.track_prediction("page", lambda: cache.predictor().read(ink))
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
        # Created first because the canvas needs the width, but shown below the canvas.
        width = st.slider("Brush width", 8, 30, 20, key="brush_width", format="%d px") if source == DRAW else None
    with pen:
        reading = read(ink_from_canvas(width) if width else ink_from_file(source))
    with prediction:
        show_prediction(reading, PROMPTS[source])
    st.subheader("How your drawing became the model's image", anchor=False)
    st.markdown("MNIST's digits were prepared in these five steps. Every drawing goes through the same steps.")
    show_steps(reading.drawing if reading else None)


heading(
    "Draw",
    "Draw a digit from 0 to 9 on the black canvas. The model reads it after every stroke and shows how sure it is.",
)
st.html(STYLE)
show_reader()
