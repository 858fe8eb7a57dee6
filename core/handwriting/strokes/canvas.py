"""Strokes as ink on the dashboard's canvas, and whole sets of the images that the model would see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

from core.handwriting.strokes.digits import digit_strokes
from core.handwriting.strokes.figures import scribble_strokes, shape_strokes
from core.handwriting.strokes.letters import UNLIKE_DIGITS, letter_strokes
from core.handwriting.strokes.pen import Strokes
from core.ink.drawing import IMAGE_SIZE, prepare

CANVAS = 280
"""Width and height of the dashboard's canvas in pixels."""

Kind = Literal["letters", "scribbles", "shapes"]

_SMALLEST, _LARGEST = 0.3, 0.9
_THINNEST, _FATTEST = 6.0, 34.0
# A brush fatter than this share of the drawing fills the loops of an 8.
_FATTEST_SHARE = 0.2
# Half of the canvas' pixels give nearly the same image after `prepare`, twice as fast.
_FAST_SIDE = CANVAS // 2


def render(strokes: Strokes, generator: np.random.Generator, side: int = CANVAS) -> np.ndarray:
    """Draw strokes as canvas ink: uint8 (side, side), 255 on 0.

    Random size, 30 % to 90 % of the canvas, random place on it, and a round brush of 6 to 34 pixels of a canvas of
    280, at most a fifth of the drawing's size so that loops stay open.
    """
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    size = generator.uniform(_SMALLEST, _LARGEST) * side
    fattest = min(_FATTEST * side / CANVAS, _FATTEST_SHARE * size)
    brush = generator.uniform(_THINNEST * side / CANVAS, fattest)
    scale = (size - brush) / max(float((high - low).max()), 1.0)
    room = np.maximum(side - (high - low) * scale - brush, 0)
    offset = brush / 2 + generator.random(2) * room
    image = Image.new("L", (side, side))
    draw = ImageDraw.Draw(image)
    for stroke in strokes:
        _draw(draw, (stroke - low) * scale + offset, brush)
    return np.asarray(image)


def drawn_digits(count: int, seed: int, each: Callable[[], None] = lambda: None) -> tuple[np.ndarray, np.ndarray]:
    """Digits drawn by code, as the model sees them: images uint8 (count, 28, 28), labels uint8 (count,).

    Every digit is there equally often, but for one where `count` isn't a multiple of ten; the order is random. It takes
    about a millisecond for each of them, before which `each` is called.
    """
    generator = np.random.default_rng(seed)
    labels = (np.arange(count) % 10).astype(np.uint8)
    generator.shuffle(labels)
    images = np.empty((count, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for index, label in enumerate(labels.tolist()):
        each()
        images[index] = _image(partial(digit_strokes, label), generator)
    return images, labels


def drawn_outsiders(count: int, seed: int, kinds: Sequence[Kind] = ("letters", "scribbles", "shapes")) -> np.ndarray:
    """What is no digit, as the model sees it: images uint8 (count, 28, 28), the kinds in turn.

    Letters are those of UNLIKE_DIGITS.
    """
    generator = np.random.default_rng(seed)
    images = np.empty((count, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for index in range(count):
        images[index] = _image(_OUTSIDERS[kinds[index % len(kinds)]], generator)
    return images


def _unlike_letter(generator: np.random.Generator) -> Strokes:
    return letter_strokes(UNLIKE_DIGITS[int(generator.integers(len(UNLIKE_DIGITS)))], generator)


_OUTSIDERS: dict[Kind, Callable[[np.random.Generator], Strokes]] = {
    "letters": _unlike_letter,
    "scribbles": scribble_strokes,
    "shapes": shape_strokes,
}


def _image(strokes: Callable[[np.random.Generator], Strokes], generator: np.random.Generator) -> np.ndarray:
    """What the model sees of a drawing; drawn again where nothing is left of it."""
    while True:
        image = prepare(render(strokes(generator), generator, _FAST_SIDE)).image
        if image is not None:
            return image


def _draw(draw: ImageDraw.ImageDraw, points: np.ndarray, brush: float) -> None:
    """One stroke of a round brush, `brush` pixels wide."""
    radius = brush / 2
    draw.line(points.ravel().tolist(), fill=255, width=round(brush))
    for left, top, right, bottom in np.hstack([points - radius, points + radius]).tolist():
        draw.ellipse((left, top, right, bottom), fill=255)
