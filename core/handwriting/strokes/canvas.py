"""Strokes drawn as ink on the dashboard's canvas, and sets of synthetic digits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, ImageDraw

from core.handwriting.strokes.digits import digit_strokes
from core.handwriting.strokes.pen import Strokes
from core.ink.drawing import IMAGE_SIZE, prepare

CANVAS = 280
"""Width and height of the dashboard's canvas in pixels."""

_SMALLEST = 0.3  # share of the canvas that a drawing takes
_LARGEST = 0.9
_THINNEST = 6.0  # brush width in pixels on the dashboard's canvas
_FATTEST = 34.0
_FATTEST_SHARE = 0.2  # of the drawing's size; a fatter brush fills the loops of an 8
_FAST_SIDE = CANVAS // 2  # pixels; nearly the same image after `prepare`, twice as fast


def render(strokes: Strokes, rng: np.random.Generator, side: int = CANVAS) -> np.ndarray:
    """Draw strokes as canvas ink: uint8 (side, side), 255 on 0.

    Random size, 30 % to 90 % of the canvas, random place on it, and a round brush of 6 to 34 pixels of a canvas of
    280, at most a fifth of the drawing's size so that loops stay open.
    """
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    size = rng.uniform(_SMALLEST, _LARGEST) * side
    fattest = min(_FATTEST * side / CANVAS, _FATTEST_SHARE * size)
    brush = rng.uniform(_THINNEST * side / CANVAS, fattest)
    scale = (size - brush) / max(float((high - low).max()), 1.0)
    room = np.maximum(side - (high - low) * scale - brush, 0)
    offset = brush / 2 + rng.random(2) * room
    image = Image.new("L", (side, side))
    draw = ImageDraw.Draw(image)
    for stroke in strokes:
        _draw(draw, (stroke - low) * scale + offset, brush)
    return np.asarray(image)


def draw_digits(count: int, seed: int, each: Callable[[], None] = lambda: None) -> tuple[np.ndarray, np.ndarray]:
    """Draw synthetic digits, laid out as the model sees them: images uint8 (count, 28, 28), labels uint8 (count,).

    The classes are balanced and their order is random. `each` is called before each digit, about once a millisecond.
    """
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) % 10).astype(np.uint8)
    rng.shuffle(labels)
    images = np.empty((count, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for index, label in enumerate(labels.tolist()):
        each()
        images[index] = _image(partial(digit_strokes, label), rng)
    return images, labels


def _image(strokes: Callable[[np.random.Generator], Strokes], rng: np.random.Generator) -> np.ndarray:
    """Draw until `prepare` leaves some ink, and return the image."""
    while True:
        image = prepare(render(strokes(rng), rng, _FAST_SIDE)).image
        if image is not None:
            return image


def _draw(draw: ImageDraw.ImageDraw, points: np.ndarray, brush: float) -> None:
    """Draw one stroke with a round brush, `brush` pixels wide."""
    radius = brush / 2
    draw.line(points.ravel().tolist(), fill=255, width=round(brush))
    for left, top, right, bottom in np.hstack([points - radius, points + radius]).tolist():
        draw.ellipse((left, top, right, bottom), fill=255)
