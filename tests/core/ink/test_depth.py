"""Detection of ink as light missing from the paper, and of the components that form the digit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.lib.stride_tricks import sliding_window_view

from core.ink.depth import Mask, as_ink, is_dust, runs, without_foreign_ink
from core.ink.drawing import Pixels, Plane


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12)), st.integers(1, 14))
def test_runs_begin_where_a_column_is_true(mask: Mask, length: int) -> None:
    found = runs(mask, length)

    if length > len(mask):
        assert found.shape == (0, mask.shape[1])
    else:
        assert np.array_equal(found, sliding_window_view(mask, length, axis=0).all(axis=-1))


def marked_paper(depth: float, grain: float = 0.0) -> Plane:
    """Return paper (100, 100) of depth `grain` with a mark of 20 x 20 pixels."""
    plane = np.full((100, 100), grain, np.float32)
    plane[40:60, 40:60] = depth
    return plane


@pytest.mark.parametrize(("depth", "is_ink"), [(0.1, False), (0.15, True)])
def test_faint_marks_are_not_ink(depth: float, is_ink: bool) -> None:
    assert as_ink(marked_paper(depth), 0.0, small=False).any() == is_ink


@pytest.mark.parametrize(("depth", "is_ink"), [(0.18, False), (0.24, True)])
def test_marks_as_faint_as_the_grain_are_not_ink(depth: float, is_ink: bool) -> None:
    assert as_ink(marked_paper(depth, 0.03), 0.03, small=False).any() == is_ink


def test_edges_span_one_third_to_two_thirds_of_the_depth() -> None:
    plane = marked_paper(0.8)
    plane[0, :3] = 0.8 * 0.25, 0.8 * 0.5, 0.8 * 0.8

    assert as_ink(plane, 0.0, small=False)[0, :4].tolist() == [0, 128, 255, 0]


def test_grey_levels_of_a_small_picture_stay_above_its_grain() -> None:
    plane = marked_paper(1.0)
    plane[0, :2] = 0.25, 0.45

    clean, grainy = (as_ink(plane, grain, small=True)[0, :2] for grain in (0.0, 0.14))

    assert clean.tolist() == [64, 115]
    assert grainy[0] == 0
    assert grainy[1] > 0


@pytest.mark.parametrize(("deep_pixels", "expected"), [(2, 255), (6, 0)])
def test_depth_of_ink_ignores_the_deepest_one_percent(deep_pixels: int, expected: int) -> None:
    plane = marked_paper(0.3)
    plane[40, 40 : 40 + deep_pixels] = np.linspace(0.95, 1.0, deep_pixels)

    assert as_ink(plane, 0.0, small=False)[50, 50] == expected


def rectangles(*parts: tuple[int, int, int, int], side: int = 640) -> Pixels:
    """Return ink with filled rectangles (top, left, bottom, right)."""
    ink = np.zeros((side, side), np.uint8)
    for top, left, bottom, right in parts:
        ink[top:bottom, left:right] = 255
    return ink


STROKE = (200, 200, 400, 220)


@pytest.mark.parametrize(("length", "is_ink"), [(12, False), (24, True)])
def test_ink_without_a_long_component_is_dust(length: int, is_ink: bool) -> None:
    assert is_dust(rectangles((100, 100, 100 + length, 104))) != is_ink
    assert is_dust(rectangles((100, 100, 104, 100 + length))) != is_ink


def test_shorter_component_at_the_edge_is_removed() -> None:
    assert np.array_equal(without_foreign_ink(rectangles(STROKE, (0, 0, 120, 90))), rectangles(STROKE))


@pytest.mark.parametrize(("width", "stays"), [(60, True), (120, False)])
def test_longer_component_at_the_edge_is_removed_if_massive(width: int, stays: bool) -> None:
    # The stroke is 20 pixels wide.
    edge = (0, 0, 640, width)

    assert np.array_equal(
        without_foreign_ink(rectangles(STROKE, edge)), rectangles(STROKE, edge) if stays else rectangles(STROKE)
    )


def test_digit_at_the_edge_is_kept_beside_dust() -> None:
    ink = rectangles((0, 300, 500, 420), (20, 20, 32, 24))

    assert np.array_equal(without_foreign_ink(ink), ink)


@pytest.mark.parametrize(("side", "stays"), [(64, True), (66, False)])
def test_small_picture_keeps_ink_that_touches_its_edge(side: int, stays: bool) -> None:
    stroke, edge = (10, 30, 50, 34), (0, 0, 8, 4)

    found = without_foreign_ink(rectangles(stroke, edge, side=side))

    assert np.array_equal(found, rectangles(stroke, edge, side=side) if stays else rectangles(stroke, side=side))
