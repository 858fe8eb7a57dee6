"""The canvas of the Draw page, with Undo and Clear; the drawing survives a visit to another page.

The browser owns the strokes (assets/canvas.js): Undo, Clear and Ctrl+Z change what is drawn at that moment, so no delay
of the server can lose a stroke or undo the wrong one. Every change is sent here with a picture of the canvas.
"""

from __future__ import annotations

import base64
from pathlib import Path

import streamlit as st

from core.ink.drawing import Pixels
from core.ink.photo import ink_from_canvas_file
from dashboard.session import state

_KEY = "canvas"
_ASSETS = Path(__file__).resolve().parents[1] / "assets"
_canvas = st.components.v2.component(
    "trazo_canvas",
    html=(_ASSETS / "canvas.html").read_text(),
    css=(_ASSETS / "canvas.css").read_text(),
    js=(_ASSETS / "canvas.js").read_text(),
)


def drawing_canvas(brush_width: int) -> Pixels | None:
    """Show the canvas and return the ink on it, None if it is empty. Raises PictureError."""
    sketch = state.sketch()
    _canvas(
        key=_KEY,
        # The browser takes the strokes from here only when the canvas appears.
        data={"brush": brush_width, "sketch": {"strokes": sketch.strokes, "cleared": sketch.cleared}},
        on_sketch_change=_keep_sketch,
    )
    _keep_sketch()  # also after a restart of the server: no callback runs for a session it does not know
    picture = state.sketch().picture
    return None if picture is None else ink_from_canvas_file(base64.b64decode(picture.partition(",")[2]))


def _keep_sketch() -> None:
    """Remember the last drawing that the browser sent. As a callback it runs even if the visitor has left the page."""
    if sent := st.session_state[_KEY].get("sketch"):
        state.keep_sketch(state.Sketch(**sent))
