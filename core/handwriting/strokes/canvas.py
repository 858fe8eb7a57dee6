"""Rendering of strokes as ink on a canvas, and sets of synthetic digits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, ImageDraw

from core.handwriting.strokes.digits import digit_strokes
from core.handwriting.strokes.pen import Strokes
from core.ink.drawing import IMAGE_SIZE, prepare

CANVAS_SIZE = 280
"""Width and height of the dashboard's canvas in pixels."""

MAX_BRUSH_FRACTION = 0.2
"""Widest brush as a fraction of a digit's size; a wider one would fill the loops of an 8."""

_MIN_SIZE = 0.3  # longest side of a drawing, as a fraction of the canvas
_MAX_SIZE = 0.9
_MIN_BRUSH_PIXELS = 6.0  # on the dashboard's canvas
_MAX_BRUSH_PIXELS = 34.0
_SQUARE_ENDS_CHANCE = 0.15  # as with a flat nib, a marker or a drawing program; a bare 1 is then a rectangle
_FAST_CANVAS_SIZE = CANVAS_SIZE // 2  # pixels; twice as fast, and nearly the same image after `prepare`


def render(
    strokes: Strokes, rng: np.random.Generator, side: int = CANVAS_SIZE, max_brush: float = MAX_BRUSH_FRACTION
) -> np.ndarray:
    """Draw strokes as canvas ink: uint8 (side, side), 255 on 0.

    The position is random, and the size 30% to 90% of the canvas. The brush is 6 to 34 pixels wide on a canvas of 280
    pixels, but at most the fraction `max_brush` of the drawing's size. It is round, but some drawings have strokes with
    square ends, and are up to one brush width smaller.
    """
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    size = rng.uniform(_MIN_SIZE, _MAX_SIZE) * side
    narrowest, widest = (pixels * side / CANVAS_SIZE for pixels in (_MIN_BRUSH_PIXELS, _MAX_BRUSH_PIXELS))
    brush = rng.uniform(narrowest, min(widest, max_brush * size))
    scale = (size - brush) / max(float((high - low).max()), 1.0)
    slack = np.maximum(side - (high - low) * scale - brush, 0)
    offset = brush / 2 + rng.random(2) * slack
    image = Image.new("L", (side, side))
    draw = ImageDraw.Draw(image)
    has_square_ends = rng.random() < _SQUARE_ENDS_CHANCE
    for stroke in strokes:
        _draw_stroke(draw, (stroke - low) * scale + offset, brush, has_square_ends)
    return np.asarray(image)


def draw_digits(count: int, seed: int, on_digit: Callable[[], None] = lambda: None) -> tuple[np.ndarray, np.ndarray]:
    """Draw synthetic digits and prepare them for the model: images uint8 (count, 28, 28), labels uint8 (count,).

    The classes are balanced and in random order. `on_digit` is called before each digit, about once per millisecond.
    """
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) % 10).astype(np.uint8)
    rng.shuffle(labels)
    images = np.empty((count, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for index, label in enumerate(labels.tolist()):
        on_digit()
        images[index] = draw_until_ink(partial(digit_strokes, label), rng)
    return images, labels


def draw_until_ink(strokes: Callable[[np.random.Generator], Strokes], rng: np.random.Generator) -> np.ndarray:
    """Draw until the prepared image has some ink, and return it."""
    while True:
        image = prepare(render(strokes(rng), rng, _FAST_CANVAS_SIZE)).image
        if image is not None:
            return image


def _draw_stroke(draw: ImageDraw.ImageDraw, points: np.ndarray, brush: float, has_square_ends: bool) -> None:
    """Draw one stroke that is `brush` pixels wide."""
    radius = brush / 2
    draw.line(points.ravel().tolist(), fill=255, width=round(brush), joint="curve" if has_square_ends else None)
    if has_square_ends:
        return
    for left, top, right, bottom in np.hstack([points - radius, points + radius]).tolist():
        draw.ellipse((left, top, right, bottom), fill=255)
