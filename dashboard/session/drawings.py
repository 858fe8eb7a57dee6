"""Session-state keys of the visitor's drawings and pictures, with typed accessors."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast
from uuid import uuid4

import streamlit as st

_SKETCH = "sketch"
_HAS_DRAWN = "has_drawn"
_INSPECTED_INK = "inspected_ink"
_COMPARED_DRAWING = "compared_drawing"
_OFFERED_DRAWING = "offered_drawing"

OFFERED = "picture"
"""Name, in the Draw page's URL, of the drawing that was last offered to the page."""

DRAW_MODE = "draw_mode"
"""Key of the switch between digits and numbers on the Draw page."""

DIGIT = "digit"
NUMBER = "number"
"""Options of that switch."""


def start_with_digits() -> None:
    """Set the switch to digits if the visitor has not used it."""
    st.session_state.setdefault(DRAW_MODE, DIGIT)


def read_numbers() -> None:
    """Set the switch to numbers."""
    st.session_state[DRAW_MODE] = NUMBER


Strokes = list[dict[str, Any]]
"""Strokes as the canvas describes them."""


@dataclass(frozen=True)
class Sketch:
    """The drawing on the canvas of the Draw page.

    `cleared`: the strokes that the last Clear removed. `picture`: the canvas as last sent by the browser, a PNG data
    URL. `start`: the strokes that Python put on the canvas. `replaced`: the strokes that the canvas shows until it has
    restarted, or None after that. `unseen`: True until the browser has sent a picture of strokes that Python put on the
    canvas. `wide`: True if the drawing was made on the canvas for numbers. `handled`: the last request from the canvas
    buttons, which Streamlit delivers again after a page change.
    """

    strokes: Strokes = field(default_factory=list)
    cleared: Strokes = field(default_factory=list)
    picture: str | None = None
    start: dict[str, Any] = field(default_factory=dict)
    replaced: Strokes | None = None
    unseen: bool = False
    wide: bool = False
    handled: dict[str, Any] | None = None


def sketch() -> Sketch:
    """Return the current drawing."""
    return cast("Sketch", st.session_state.get(_SKETCH, Sketch()))


def keep_sketch(sketch: Sketch) -> None:
    """Remember the drawing, so that it is still there after a visit to another page."""
    st.session_state[_SKETCH] = sketch


def restart_canvas(strokes: Strokes, cleared: Strokes, picture: str | None = None) -> None:
    """Restart the canvas with these strokes, and ignore the old drawing that it still sends until then.

    `picture`: a picture of the strokes, if there is one before the browser sends its own.
    """
    old = sketch()
    keep_sketch(
        replace(
            old,
            strokes=strokes,
            cleared=cleared,
            picture=picture or old.picture,
            # The canvas restarts when this value changes.
            start={"objects": strokes, "id": uuid4().hex},
            replaced=old.strokes if strokes != old.strokes else None,
            unseen=picture is None and (old.unseen or strokes != old.strokes),
        )
    )


def put_on_canvas(strokes: Strokes, picture: str | None = None) -> None:
    """Replace the drawing on the canvas; Undo brings the old one back."""
    keep_sketch(replace(sketch(), wide=False))
    restart_canvas(strokes, sketch().strokes or sketch().cleared, picture)
    remember_first_drawing()


def offer(strokes: Strokes) -> None:
    """Remember the drawing that the Draw page opens if its URL asks for it."""
    st.session_state[_OFFERED_DRAWING] = strokes


def offered() -> Strokes | None:
    """Return the drawing that was last offered to the Draw page, or None."""
    return cast("Strokes | None", st.session_state.get(_OFFERED_DRAWING))


def has_drawn() -> bool:
    """Return True if the visitor has drawn anything in this session."""
    return bool(st.session_state.get(_HAS_DRAWN, False))


def remember_first_drawing() -> None:
    """Remember that the visitor has drawn."""
    st.session_state[_HAS_DRAWN] = True


def inspected_ink() -> bytes | None:
    """Return the ink that the Draw page last read, as a PNG, or None if that was the digit on the canvas."""
    return cast("bytes | None", st.session_state.get(_INSPECTED_INK))


def keep_inspected_ink(png: bytes | None) -> None:
    """Remember the ink of a picture or of one digit of a number; None means the digit on the canvas."""
    st.session_state[_INSPECTED_INK] = png


def compared_drawing() -> bytes | None:
    """Return the drawing, as a PNG, with which the ways of running a model were last compared, or None."""
    return cast("bytes | None", st.session_state.get(_COMPARED_DRAWING))


def keep_compared_drawing(png: bytes | None) -> None:
    """Remember the drawing with which the ways of running a model are being compared."""
    st.session_state[_COMPARED_DRAWING] = png
