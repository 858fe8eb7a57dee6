"""Tracing and redrawing of digits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.handwriting.tracing import (
    REDRAW_CANVAS_SIZE,
    TRAINING_RANGES,
    RedrawRanges,
    centre_line,
    redraw,
    redraw_images,
)
from core.ink.drawing import prepare

ANGLE = np.zeros((28, 28), np.uint8)
ANGLE[4:24, 8:11] = ANGLE[21:24, 8:20] = 255


def stroke_width(ink: np.ndarray) -> float:
    """Return twice the area divided by the perimeter."""
    mask = np.pad(ink > 127, 1)
    pixel_edges = np.count_nonzero(mask[1:] != mask[:-1]) + np.count_nonzero(mask[:, 1:] != mask[:, :-1])
    return 2 * np.count_nonzero(mask) / pixel_edges


def test_centre_line_runs_along_the_middle_of_the_strokes() -> None:
    points = centre_line(ANGLE)

    vertical_stroke = points[points[:, 1] < 18]
    assert np.abs(vertical_stroke[:, 0] - 9.5).max() < 0.6
    assert points[:, 1].min() < 6
    assert points[:, 0].max() > 17


@given(size=st.floats(0.1, 0.9), brush=st.floats(0.015, 0.15), seed=st.integers(0, 1000))
def test_drawing_has_the_requested_size_and_stays_on_the_canvas(size: float, brush: float, seed: int) -> None:
    ink = redraw(centre_line(ANGLE), RedrawRanges((size, size), (brush, brush)), np.random.default_rng(seed))

    assert ink.shape == (REDRAW_CANVAS_SIZE, REDRAW_CANVAS_SIZE)
    rows = np.flatnonzero(ink.any(axis=1))
    expected = min((size + brush) * REDRAW_CANVAS_SIZE, REDRAW_CANVAS_SIZE)
    assert rows[-1] + 1 - rows[0] == pytest.approx(expected, abs=4)


@pytest.mark.parametrize("brush", [0.03, 0.06, 0.12])
def test_strokes_are_as_wide_as_the_brush(brush: float) -> None:
    ink = redraw(centre_line(ANGLE), RedrawRanges((0.8, 0.8), (brush, brush)), np.random.default_rng(0))

    assert stroke_width(ink) == pytest.approx(brush * REDRAW_CANVAS_SIZE, rel=0.25)


@pytest.mark.parametrize(("angle", "right", "below"), [(90, True, False), (-90, False, True)])
def test_rotation_is_anticlockwise(angle: float, right: bool, below: bool) -> None:
    ink = redraw(centre_line(ANGLE), RedrawRanges(rotation=(angle, angle)), np.random.default_rng(0))

    # The corner of the L moves from the bottom left to the bottom right, or to the top left.
    drawing = prepare(ink)
    assert drawing.crop is not None
    rows, columns = drawing.crop.sum(axis=1, dtype=int), drawing.crop.sum(axis=0, dtype=int)
    half_rows, half_columns = len(rows) // 2, len(columns) // 2
    assert (columns[half_columns:].sum() > columns[:half_columns].sum()) == right
    assert (rows[half_rows:].sum() > rows[:half_rows].sum()) == (not below)


def test_redrawn_digits_are_prepared_and_differ() -> None:
    redrawn = redraw_images(np.stack([ANGLE] * 4), TRAINING_RANGES, np.random.default_rng(1))

    assert (redrawn.shape, redrawn.dtype) == ((4, 28, 28), np.uint8)
    assert len(np.unique(redrawn, axis=0)) == 4
    for image in redrawn:
        np.testing.assert_array_equal(prepare(image).image, image)
