"""The canvas in a lesson; it shows the same drawing as the Draw page."""

from __future__ import annotations

import streamlit as st

from core.errors import TrazoError
from core.handwriting.pen_digits import BRUSH_WIDTH
from core.ink.drawing import Pixels
from dashboard.draw import canvas
from dashboard.session.permission import safe_text


def draw_digit() -> Pixels | None:
    """Show the canvas and its buttons; return the ink, uint8 (h, w), or None if it is empty or cannot be read."""
    st.html(canvas.STYLE)
    width = canvas.choose_width(for_number=False)
    st.html(f"<style>.st-key-lesson_pen {{ --canvas-width: {width}; --canvas-height: {canvas.HEIGHT} }}</style>")
    with st.container(key="lesson_pen"):
        canvas.show(BRUSH_WIDTH, width)
        canvas.show_buttons()
    try:
        return canvas.ink()
    except TrazoError as error:
        st.error(safe_text(error), icon=":material/error:")
        return None
