"""The sketchpad of the Gradio demo, with limits on its input.

Without these limits, Gradio would decode every format that Pillow knows, at any size, and keep every sketch that a
browser sends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import TrazoError
from dashboard.embeds.gradio_uploads import uploaded_file
from dashboard.server.library_internals import replace_input, sketch_parts

if TYPE_CHECKING:
    import gradio as gr

MAX_SKETCHES = 64
"""Maximum number of sketches in memory that browsers have sent but not submitted, equal to the queue size."""

MAX_SKETCH_BYTES = 32 * 2**20
"""Maximum total size of these sketches; one sketch takes about 10 kB."""

_CANVAS_SIZE = 280
"""Width and height of the canvas in pixels: ten times an MNIST image."""

_BRUSH_RADIUS = 10
"""Radius of a stroke in canvas pixels. After scaling to 28 pixels, strokes are about as wide as MNIST's."""

_MAX_LAYERS = 8
"""Maximum number of layers in a sketch; the demo's sketchpad sends one."""

_MAX_ID_LENGTH = 100
"""Maximum length of a sketch's id in characters; Gradio's page uses far fewer."""

_PART_TYPES = ("background", "layer", "composite")


def limited_sketchpad(label: str) -> gr.Sketchpad:
    """Return a sketchpad that reads only uploaded files, within our limits, and passes on a file's bytes or None."""
    import gradio as gr

    sketchpad = gr.Sketchpad(
        label=label,
        elem_id="sketchpad",
        type="numpy",
        canvas_size=(_CANVAS_SIZE, _CANVAS_SIZE),
        fixed_canvas=True,
        brush=gr.Brush(default_size=_BRUSH_RADIUS, colors=["#000000"], color_mode="fixed"),
        layers=False,
        transforms=(),
        buttons=[],
    )
    _limit_input(sketchpad)
    return sketchpad


def _limit_input(sketchpad: gr.Sketchpad) -> None:
    async def resolve_upload(path: str | Path | None) -> str | None:
        with _raise_as_gradio_error():
            return None if path is None else str(uploaded_file(path))

    def accept_part(part: Any) -> None:
        _check_part(part)
        # The composite contains the background and all layers; the demo reads nothing else.
        if part.data["type"] != "composite":
            return
        store_part(part)
        parts = sketch_parts(sketchpad)
        while len(parts) > MAX_SKETCHES or sum(map(_size, list(parts.values()))) > MAX_SKETCH_BYTES:
            parts.pop(next(iter(parts)), None)

    def preprocess(sketch: Any) -> bytes | None:
        with _raise_as_gradio_error():
            return _picture(sketchpad, sketch)

    store_part = replace_input(sketchpad, resolve_upload, accept_part, preprocess)


@contextmanager
def _raise_as_gradio_error() -> Iterator[None]:
    """Turn our errors into errors that Gradio shows to the visitor."""
    import gradio as gr

    try:
        yield
    except TrazoError as error:
        raise gr.Error(str(error), print_exception=False) from error


def _picture(sketchpad: gr.Sketchpad, payload: Any) -> bytes | None:
    """Return the picture file of the complete sketch, which was either sent in parts beforehand or uploaded."""
    if payload is None:
        return None
    if payload.id is not None:
        parts = sketch_parts(sketchpad).pop(payload.id, None)
        return None if parts is None else parts.composite
    if payload.composite is None:
        return None
    from core.ink.picture_file import check_size

    path = uploaded_file(payload.composite.path)
    check_size(path.stat().st_size)
    return path.read_bytes()


def _size(sketch: Any) -> int:
    return len(sketch.composite or b"")


def _check_part(part: Any) -> None:
    """Raise ValueError if no sketchpad would send this part."""
    values = getattr(part, "data", None)
    if not isinstance(values, dict) or len(getattr(part, "files", ())) != 1:
        raise ValueError("Each part of a sketch must be one file with a type and an id.")
    index, sketch_id = str(values.get("index") or "null"), values.get("id")
    if values.get("type") not in _PART_TYPES or not isinstance(sketch_id, str) or len(sketch_id) > _MAX_ID_LENGTH:
        raise ValueError(
            f"The type must be one of {_PART_TYPES}, and the id a string of at most {_MAX_ID_LENGTH} characters."
        )
    if index != "null" and not (index.isdecimal() and int(index) < _MAX_LAYERS):
        raise ValueError(f"A sketch must not have more than {_MAX_LAYERS} layers.")
