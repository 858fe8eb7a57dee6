"""A written digit as it is stored: its strokes, its label, and what a model predicted at the time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field

from core.errors import HandError
from core.handwriting.pen_digits import PenDigit
from core.ink.canvas_strokes import Stroke, draw_strokes
from core.ink.drawing import Pixels, prepare
from core.language import Message
from core.records import Record, Timestamp

Digit = Annotated[int, Field(ge=0, le=9)]
RecordId = Annotated[str, Field(min_length=1, max_length=32)]
"""Id of a written digit among those of a hand."""

_Coordinate = Annotated[float, Field(ge=-10_000, le=10_000)]
"""Coordinate in pixels; a stroke may leave the canvas, but no screen is this large."""


MAX_STROKES = 100
"""Maximum number of strokes in a written digit; real ones have at most five."""

MAX_POINTS = 5000
"""Maximum number of points in all strokes of a written digit: 20 seconds with a pen that reports 240 a second.

Real digits have about 40, and at most 200. The digits of a hand are read again on every run of its page.
"""

MAX_SIDE = 4096.0
"""Maximum width and height of a written digit in pixels, those of a large screen; drawing it takes 67 MB."""


class WrittenStroke(Record):
    """One stroke: points (x, y) in pixels, with the y-axis pointing down, and the width of the brush in pixels."""

    points: Annotated[tuple[tuple[_Coordinate, _Coordinate], ...], Field(min_length=1, max_length=MAX_POINTS)]
    width: Annotated[float, Field(gt=0, le=200)]


def _check_size(strokes: tuple[WrittenStroke, ...]) -> tuple[WrittenStroke, ...]:
    if sum(len(stroke.points) for stroke in strokes) > MAX_POINTS:
        raise ValueError(f"Expected a digit of at most {MAX_POINTS} points.")
    for coordinates in zip(*(point for stroke in strokes for point in stroke.points), strict=True):
        if max(coordinates) - min(coordinates) > MAX_SIDE:
            raise ValueError(f"Expected a digit of at most {MAX_SIDE:g} pixels.")
    return strokes


class WrittenDigit(Record):
    """A written digit.

    `label`: the intended digit, or None for something that is not a digit. `predicted`: the digit that the model
    predicted, or None if it rejected the drawing. `model`: name of that model. `time`: Unix timestamp.
    """

    strokes: Annotated[
        tuple[WrittenStroke, ...], Field(min_length=1, max_length=MAX_STROKES), AfterValidator(_check_size)
    ]
    label: Digit | None
    predicted: Digit | None
    model: Annotated[str, Field(max_length=200)]
    time: Timestamp


def stored_strokes(strokes: Sequence[Stroke]) -> tuple[WrittenStroke, ...]:
    """Return the strokes of a canvas as they are stored: with points rounded to a tenth of a pixel.

    Raises HandError if there are none, or if they are too many or too large to store.
    """
    if not strokes:
        raise HandError(Message("There is nothing on the canvas. Write a digit first."))
    points = np.concatenate([stroke.points for stroke in strokes]).round(1)
    if len(strokes) > MAX_STROKES or len(points) > MAX_POINTS or np.ptp(points, axis=0).max() > MAX_SIDE:
        raise HandError(Message("This drawing is too large to be kept. Clear the canvas and write one digit."))
    return tuple(
        WrittenStroke(points=tuple((x, y) for x, y in stroke.points.round(1).tolist()), width=stroke.width)
        for stroke in strokes
    )


def canvas_strokes(written: WrittenDigit) -> list[Stroke]:
    """Return a written digit's strokes as canvas strokes."""
    return _strokes(written.strokes)


def ink_of(written: WrittenDigit) -> Pixels:
    """Return the ink of a written digit, uint8 (h, w)."""
    return _ink(written.strokes)


def _strokes(strokes: tuple[WrittenStroke, ...]) -> list[Stroke]:
    return [Stroke(np.array(stroke.points, float), stroke.width) for stroke in strokes]


def _ink(strokes: tuple[WrittenStroke, ...]) -> Pixels:
    return draw_strokes(_strokes(strokes)).ink


def images_of(digits: Sequence[WrittenDigit]) -> Pixels:
    """Return written digits as images for a network, uint8 (n, 28, 28); a digit without ink gives a blank image."""
    images = np.zeros((len(digits), 28, 28), np.uint8)
    for image, written in zip(images, digits, strict=True):
        image[:] = _image(written.strokes)
    return images


# A page shows the same digits again and again, and preparing one takes a millisecond.
@lru_cache(maxsize=4096)
def _image(strokes: tuple[WrittenStroke, ...]) -> Pixels:
    image = prepare(_ink(strokes)).image
    return np.zeros((28, 28), np.uint8) if image is None else image


def pen_digit(written: WrittenDigit) -> PenDigit:
    """Return a written digit in the form that `draw_variations` takes."""
    strokes = [list(stroke.points) for stroke in written.strokes]
    return PenDigit(label=-1 if written.label is None else written.label, writer=0, strokes=strokes)


def fingerprint(written: WrittenDigit) -> str:
    """Return the SHA-256 (hex) of the points, by which the same writing is recognised under any label."""
    return hashlib.sha256(repr([stroke.points for stroke in written.strokes]).encode()).hexdigest()
