"""The ink to read: on the canvas, in an uploaded picture or in a photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.errors import TrazoError
from core.ink.canvas_strokes import Stroke
from core.ink.drawing import Pixels
from core.ink.picture_file import MAX_PICTURE_BYTES
from core.ink.picture_ink import PictureInk
from core.language import Message, tr
from dashboard.draw import canvas
from dashboard.parts.png import image_html
from dashboard.server.pictures import POOL
from dashboard.session import drawings
from dashboard.session.client import client
from dashboard.session.permission import safe_text

DRAW = Message("Draw")
UPLOAD = Message("Upload a picture")
PHOTO = Message("Take a photo")
SOURCES = (DRAW, UPLOAD, PHOTO)
_PHOTO_LABELS = {
    drawings.DIGIT: Message("Photo of one digit on paper"),
    drawings.NUMBER: Message("Photo of a number on paper"),
}
_UPLOAD_LABELS = {drawings.DIGIT: Message("Picture of one digit"), drawings.NUMBER: Message("Picture of a number")}
_NO_INK = {
    drawings.DIGIT: Message("There is no ink in this picture; choose one with one digit on it."),
    drawings.NUMBER: Message("There is no ink in this picture; choose one with a number on it."),
}


@dataclass(frozen=True)
class Drawn:
    """The ink on the canvas (h, w) or in a picture, and the strokes on the canvas, or None if it holds an image."""

    ink: Pixels | PictureInk
    strokes: Sequence[Stroke] | None = None
    on_canvas: bool = False


def show_error(error: TrazoError) -> None:
    """Show an error as one sentence."""
    st.error(safe_text(error), icon=":material/error:")


def drawn_on_canvas() -> Drawn | None:
    """Return the drawing on the canvas, or None if it is empty; show an error if it cannot be read."""
    try:
        ink = canvas.ink()
        return None if ink is None else Drawn(ink, canvas.strokes(), on_canvas=True)
    except TrazoError as error:
        show_error(error)
        return None


def drawn_in_file(source: str, mode: str) -> Drawn | None:
    """Return the ink in an uploaded picture or a photo, or None; show a message if it contains no ink."""
    if source == PHOTO:
        file = st.camera_input(tr(_PHOTO_LABELS[mode]), key="photo")
    else:
        file = st.file_uploader(tr(_UPLOAD_LABELS[mode]), key="upload", max_upload_size=MAX_PICTURE_BYTES // 2**20)
        st.caption(tr("PNG, JPEG, WebP, GIF, BMP or TIFF; a photo of dark ink on paper works, too."))
    if file is None:
        return None
    try:
        ink = POOL.ink_from_thread(file.getvalue(), client())
    except TrazoError as error:
        show_error(error)
        return None
    # The camera shows its photo itself, and a number is shown with a bracket for each digit.
    if source == UPLOAD and mode == drawings.DIGIT and ink.picture is not None:
        picture = image_html(ink.picture, 480, tr("your picture"), sharp=False)
        st.html(f'<div class="trazo-upload">{picture}</div>')
    if ink.blank:
        st.warning(tr(_NO_INK[mode]), icon=":material/ink_pen:")
        return None
    return Drawn(ink)
