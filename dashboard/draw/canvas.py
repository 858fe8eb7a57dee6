"""The canvas of the Draw page: white strokes on black, Undo and Clear, kept while other pages are looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from core.ink.drawing import Pixels
from core.ink.photo import ink_from_canvas_file
from dashboard.session import state

SIDE = 280
_KEY = "canvas"
_bare_canvas = st.components.v2.component(
    "trazo_bare_canvas", js=(Path(__file__).resolve().parents[1] / "assets" / "bare_canvas.js").read_text()
)


def drawing_canvas(brush_width: int) -> Pixels | None:
    """Show the canvas with its buttons; returns the ink on it, None before the first stroke. Raises PictureError."""
    if _KEY not in st.session_state:  # the first visit, or back from another page: as it was left
        state.restart_canvas(state.sketch().strokes)
    with st.container(key="canvas_frame"):
        result = st_canvas(
            height=SIDE,
            width=SIDE,
            stroke_width=brush_width,
            stroke_color="#ffffff",
            background_color="#000000",
            initial_drawing=state.canvas_start(),
            return_image_data=True,
            key=_KEY,
        )
        _bare_canvas(key="bare_canvas")
    if (picture := result.image_bytes) is not None:
        state.keep_sketch(state.Sketch(result.json_data["objects"], ink_from_canvas_file(picture)))
    strokes = state.sketch().strokes
    with st.container(horizontal=True, gap="small"):
        _restart_button("Undo", ":material/undo:", "Take back the last stroke", strokes[:-1])
        _restart_button("Clear", ":material/delete:", "Start with an empty canvas", [])
    return state.sketch().ink


def _restart_button(label: str, icon: str, tip: str, strokes: list[dict[str, Any]]) -> None:
    """A button that leaves just these strokes on the canvas."""
    st.button(
        label,
        icon=icon,
        help=tip,
        key=label.lower(),
        on_click=state.restart_canvas,
        args=(strokes,),
        disabled=not state.sketch().strokes,
        width="stretch",
    )
