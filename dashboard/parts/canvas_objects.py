"""Images and strokes as objects of the canvas on the Draw page, as Fabric.js describes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.handwriting.pen_digits import CANVAS_SIZE
from core.ink.canvas_strokes import Stroke
from core.ink.drawing import IMAGE_SIZE, Pixels
from dashboard.parts.png import png_data_uri
from dashboard.session.drawings import Strokes


def enlarged(image: Pixels) -> str:
    """Return an image (28, 28) at the size of the canvas as a data URI; each of its pixels becomes 10x10 pixels."""
    factor = CANVAS_SIZE // IMAGE_SIZE
    return png_data_uri(np.kron(image, np.ones((factor, factor), np.uint8)))


def image_objects(image: Pixels) -> Strokes:
    """Return an image (28, 28) as one object that fills the canvas; it has no strokes, so Undo removes all of it."""
    return [{"type": "Image", "src": enlarged(image), "left": 0, "top": 0, "originX": "left", "originY": "top"}]


def stroke_objects(strokes: Sequence[Stroke]) -> Strokes:
    """Return strokes as objects that look and behave as if they had been drawn on the canvas."""
    return [
        {
            "type": "Path",
            "path": [["M" if number == 0 else "L", x, y] for number, (x, y) in enumerate(stroke.points.tolist())],
            "stroke": "#ffffff",
            "strokeWidth": stroke.width,
            "strokeLineCap": "round",
            "strokeLineJoin": "round",
            "fill": None,
        }
        for stroke in strokes
    ]
