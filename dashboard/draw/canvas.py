"""The canvas of the Draw and Data pages, with Undo, Clear and a keyboard pen; both pages show the same drawing.

Undo uses the canvas's own history in the browser, so a slow server cannot lose a stroke. Python restarts the canvas
only for Clear and to undo what the browser cannot; assets/canvas_buttons.js decides which kind of Undo is needed.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from core.handwriting.pen_digits import CANVAS_SIZE
from core.ink.canvas_strokes import Stroke, strokes_from_canvas
from core.ink.drawing import Pixels
from core.ink.photo import ink_from_canvas_file
from core.language import tr
from dashboard.parts.component import component
from dashboard.parts.keyboard_pen import pen_words
from dashboard.session import drawings

STYLE = Path(__file__).resolve().parents[1] / "assets" / "canvas.css"
"""The style sheet that every page with a canvas needs.

The element around the canvas must set --canvas-width and --canvas-height.
"""

HEIGHT = CANVAS_SIZE
"""Height of the canvas in pixels."""

NUMBER_WIDTH = 560
"""Width in pixels of the canvas for multi-digit numbers, enough for six digits."""

_DIGIT_WIDTH = CANVAS_SIZE
_CANVAS = "canvas"
_BUTTONS = "canvas_buttons"
_ASSETS = Path(__file__).resolve().parents[1] / "assets"
_buttons = component("canvas_buttons", (_ASSETS / "canvas_buttons.html").read_text(), scripts=["keyboard_pen"])


def show(brush_width: int, width: int) -> None:
    """Show the canvas, `width` pixels wide."""
    is_new = _CANVAS not in st.session_state
    if is_new:
        drawings.restart_canvas(drawings.sketch().strokes, drawings.sketch().cleared)
    _show_canvas(brush_width, width)
    _keep_drawing()  # a restarted server runs no callback for a session that it does not know
    sketch = drawings.sketch()
    if is_new and sketch.strokes != sketch.start["objects"]:  # the server was restarted while the page was open
        drawings.restart_canvas(sketch.strokes, [])
        st.rerun()


def ink() -> Pixels | None:
    """Return the ink (h, w) on the canvas, or None if it is empty. Raises PictureError."""
    sketch = drawings.sketch()
    if not sketch.strokes or sketch.picture is None:
        return None
    return ink_from_canvas_file(base64.b64decode(sketch.picture.partition(",")[2]))


def strokes() -> list[Stroke] | None:
    """Return the strokes on the canvas, in drawing order, or None if one of the objects is an image.

    Raises PictureError.
    """
    objects = drawings.sketch().strokes
    if any(item.get("type") == "Image" for item in objects):
        return None
    return strokes_from_canvas(objects)


def choose_width(for_number: bool) -> int:
    """Return the width of the canvas, which stays wide while it holds a drawing made on the wide canvas."""
    sketch = drawings.sketch()
    wide = for_number or (sketch.wide and bool(sketch.strokes))
    drawings.keep_sketch(replace(sketch, wide=wide))
    return NUMBER_WIDTH if wide else _DIGIT_WIDTH


def _show_canvas(brush_width: int, width: int) -> None:
    with st.container(key="canvas_frame"):
        st_canvas(
            height=HEIGHT,
            width=width,
            stroke_width=brush_width,
            stroke_color="#ffffff",
            background_color="#000000",
            initial_drawing=drawings.sketch().start,
            return_image_data=True,
            key=_CANVAS,
            on_change=_keep_drawing,
        )


def show_buttons(*, example: bool = False) -> None:
    """Show Undo and Clear.

    `example`: let the browser show a faint digit to draw over, if the visitor has not drawn anything yet.
    """
    sketch = drawings.sketch()
    _buttons(
        key=_BUTTONS,
        data={
            # While the canvas restarts, there is no id, and the browser waits for one.
            "start": sketch.start["id"] if sketch.replaced is None else None,
            "strokes": len(sketch.start["objects"]),
            "unseen": sketch.unseen,
            "cleared": len(sketch.cleared),
            "example": example and not drawings.has_drawn(),
            "width": NUMBER_WIDTH if sketch.wide else _DIGIT_WIDTH,
            "height": HEIGHT,
            "words": {
                "undo": tr("Undo"),
                "undo_title": tr("Undo the last stroke or the last Clear (Ctrl+Z)"),
                "clear": tr("Clear"),
                "clear_title": tr("Start with an empty canvas"),
                "example": tr("trace me"),
                "pen": pen_words(),
            },
        },
        on_request_change=_handle_request,
    )


def _keep_drawing() -> None:
    """Store the last drawing that the browser sent. As a callback, this runs even if the visitor has left the page."""
    drawing, sketch = st.session_state[_CANVAS]["drawing"], drawings.sketch()
    strokes = drawing["raw"]["objects"]
    if drawing["data"] is not None and strokes != sketch.replaced:
        drawings.keep_sketch(replace(sketch, strokes=strokes, picture=drawing["data"], replaced=None, unseen=False))
        if strokes:
            drawings.remember_first_drawing()


def _handle_request() -> None:
    """Perform an Undo or Clear that the browser cannot; its current strokes came with the request."""
    _keep_drawing()
    request, sketch = st.session_state[_BUTTONS]["request"], drawings.sketch()
    if request == sketch.handled:
        return
    drawings.keep_sketch(replace(sketch, handled=request))
    if request["action"] == "clear":
        drawings.restart_canvas([], sketch.strokes)
    elif sketch.strokes:
        drawings.restart_canvas(sketch.strokes[:-1], sketch.cleared)
    else:
        drawings.restart_canvas(sketch.cleared, [])
