"""Images and strokes come back from the canvas unchanged."""

from __future__ import annotations

import base64

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.handwriting.pen_digits import CANVAS_SIZE, PenDigit, canvas_strokes
from core.ink.canvas_strokes import strokes_from_canvas
from core.ink.photo import ink_from_canvas_file
from dashboard.parts.canvas_objects import enlarged, stroke_objects

points = st.tuples(st.integers(0, 500), st.integers(0, 500))
digits = st.builds(
    PenDigit, st.just(3), st.just(1), st.lists(st.lists(points, min_size=1, max_size=9), min_size=1, max_size=5)
)


@given(digits)
def test_strokes_of_a_pen_digit_fit_on_the_canvas(digit: PenDigit) -> None:
    strokes = canvas_strokes(digit)

    found = strokes_from_canvas(stroke_objects(strokes))

    assert len(found) == len(digit.strokes)
    for stroke, original in zip(found, strokes, strict=True):
        assert np.array_equal(stroke.points, original.points)
        assert stroke.width == original.width
        assert (stroke.points >= stroke.width / 2).all()
        assert (stroke.points <= CANVAS_SIZE - stroke.width / 2).all()


@given(arrays(np.uint8, (28, 28)))
def test_image_on_the_canvas_becomes_the_same_ink(image: np.ndarray) -> None:
    ink = ink_from_canvas_file(base64.b64decode(enlarged(image).partition(",")[2]))

    assert ink.shape == (CANVAS_SIZE, CANVAS_SIZE)
    assert np.array_equal(ink[5::10, 5::10], image)
