"""Digits drawn on a canvas with a round brush."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from core.ink.drawing import Pixels

CANVAS = 280

# Pen strokes in a unit box, as (x, y).
SEVEN = [[(0.0, 0.0), (1.0, 0.0), (0.4, 1.0)]]
FIVE = [[(0.9, 0.0), (0.1, 0.0)], [(0.0, 0.3), (0.6, 0.35), (0.9, 0.65), (0.6, 1.0), (0.0, 0.9)]]
OPEN_EIGHT = [
    [(0.9, 0.1), (0.5, 0.0), (0.1, 0.2), (0.5, 0.4), (0.9, 0.2)],
    [(0.5, 0.6), (0.1, 0.8), (0.5, 1.0), (0.9, 0.8), (0.7, 0.65)],
]
ONE = [[(0.0, 0.0), (0.0, 1.0)]]


def drawn(
    strokes: list[list[tuple[float, float]]],
    height: float = 140,
    left: float = 70,
    top: float = 70,
    brush: float = 16,
    size: int = CANVAS,
) -> Pixels:
    """Draw strokes with a round, anti-aliased brush; the box of their centre lines starts at (left, top)."""
    oversampling = 4
    picture = Image.new("L", (size * oversampling, size * oversampling))
    draw = ImageDraw.Draw(picture)
    radius = brush * oversampling / 2
    for stroke in strokes:
        points = [((left + 0.6 * height * x) * oversampling, (top + height * y) * oversampling) for x, y in stroke]
        draw.line(points, fill=255, width=round(2 * radius))
        for x, y in points:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(picture.reduce(oversampling))
