"""Digits that people wrote with a pen, replayed as canvas drawings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from core.ink.canvas_strokes import Stroke
from core.ink.drawing import Pixels

CANVAS_SIZE = 280
"""Width and height of the dashboard's canvas in pixels."""

BRUSH_WIDTH = 20
"""Width of the brush on the canvas in pixels, unless the visitor chooses another."""

_SIDE = 0.6 * CANVAS_SIZE
"""Longer side of a digit in the middle of the canvas, in pixels, about as large as people draw it."""


@dataclass(frozen=True)
class PenDigit:
    """One handwritten digit: label 0..9, writer's number, and strokes of points (x, y). The y-axis points down."""

    label: int
    writer: int
    strokes: list[list[tuple[float, float]]]


def replay(digit: PenDigit, rng: np.random.Generator) -> Pixels:
    """Draw the digit as canvas ink: uint8 (280, 280), 255 on 0.

    The position is random, the longest side is 40% to 80% of the canvas, and the brush is 8 to 30 pixels wide.
    """
    points = np.array([point for stroke in digit.strokes for point in stroke], float)
    low, high = points.min(axis=0), points.max(axis=0)
    size = rng.uniform(0.4, 0.8) * CANVAS_SIZE
    brush = int(rng.integers(8, 31))
    scale = size / max(float((high - low).max()), 1.0)
    extent = (high - low) * scale
    slack = np.maximum(CANVAS_SIZE - extent - brush, 0)
    offset = brush / 2 + rng.uniform(0, 1, 2) * slack
    image = Image.new("L", (CANVAS_SIZE, CANVAS_SIZE))
    draw = ImageDraw.Draw(image)
    radius = brush / 2
    for stroke in digit.strokes:
        line = [tuple((np.array(point) - low) * scale + offset) for point in stroke]
        draw.line(line, fill=255, width=brush, joint="curve")
        for x, y in line:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(image)


def canvas_strokes(digit: PenDigit) -> list[Stroke]:
    """Return the digit's strokes in the middle of the dashboard's canvas, as the Draw page's brush would draw them."""
    points = np.array([point for stroke in digit.strokes for point in stroke], float)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = _SIDE / max(float((high - low).max()), 1.0)
    middle = (low + high) / 2
    return [
        Stroke((np.array(stroke, float) - middle) * scale + CANVAS_SIZE / 2, BRUSH_WIDTH) for stroke in digit.strokes
    ]
