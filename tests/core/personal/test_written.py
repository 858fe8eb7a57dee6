"""Written digits keep their points when they are stored and read back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.errors import HandError
from core.ink.canvas_strokes import Stroke
from core.personal.written import (
    MAX_POINTS,
    MAX_SIDE,
    MAX_STROKES,
    WrittenDigit,
    canvas_strokes,
    fingerprint,
    images_of,
    ink_of,
    stored_strokes,
)
from tests.support.written_digits import any_written, write


@given(any_written, st.none() | st.integers(0, 9))
def test_fingerprint_survives_storage_and_relabelling(written: WrittenDigit, label: int | None) -> None:
    read = WrittenDigit.model_validate_json(written.model_dump_json())
    relabelled = read.model_copy(update={"label": label, "model": "another", "time": 0.0})

    assert read == written
    assert fingerprint(relabelled) == fingerprint(written)


def test_each_written_digit_has_its_own_fingerprint() -> None:
    assert len({fingerprint(write(digit, seed)) for digit in range(10) for seed in range(5)}) == 50


@given(st.lists(st.tuples(st.floats(-2000, 2000), st.floats(-2000, 2000)), min_size=1, max_size=5))
def test_stored_strokes_match_the_canvas(points: list[tuple[float, float]]) -> None:
    stored = stored_strokes([Stroke(np.array(points), 12.0)])
    written = WrittenDigit(strokes=stored, label=None, predicted=None, model="shipped", time=0)

    (stroke,) = canvas_strokes(written)
    assert stroke.points == pytest.approx(np.array(points), abs=0.051)
    assert stroke.width == 12.0
    assert stored_strokes([stroke]) == stored


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        ([], "nothing on the canvas"),
        ([Stroke(np.zeros((1, 2)), 8.0)] * (MAX_STROKES + 1), "too large to be kept"),
        ([Stroke(np.zeros((MAX_POINTS // 2 + 1, 2)), 8.0)] * 2, "too large to be kept"),
        ([Stroke(np.array([(0.0, 0.0), (0.0, MAX_SIDE + 1)]), 8.0)], "too large to be kept"),
    ],
)
def test_drawing_that_cannot_be_stored_is_rejected(strokes: list[Stroke], message: str) -> None:
    with pytest.raises(HandError, match=message):
        stored_strokes(strokes)


def test_digit_too_large_to_draw_is_not_a_valid_record() -> None:
    value = write(1).model_dump()
    value["strokes"][0]["points"] = [(-9000.0, 0.0), (9000.0, 0.0)]

    with pytest.raises(ValidationError, match="at most 4096 pixels"):
        WrittenDigit.model_validate(value)


def test_digit_with_too_many_points_is_not_a_valid_record() -> None:
    value = write(1).model_dump()
    value["strokes"] = [{"points": [(5.0, 5.0)] * (MAX_POINTS // 2), "width": 16}] * 2
    assert WrittenDigit.model_validate(value).strokes

    value["strokes"].append({"points": [(5.0, 5.0)], "width": 16})

    with pytest.raises(ValidationError, match="at most 5000 points"):
        WrittenDigit.model_validate(value)


def test_images_are_white_on_black_and_blank_without_ink() -> None:
    invisible = write(1).model_dump()
    invisible["strokes"] = [{"points": [(5, 5)], "width": 0.01}]

    images = images_of([write(8), WrittenDigit.model_validate(invisible)])

    assert (images.shape, images.dtype) == ((2, 28, 28), np.uint8)
    assert images[0].max() > 200
    assert images[1].max() == 0
    assert ink_of(write(8)).shape[0] == pytest.approx(160 + 16, abs=4)
