"""Ruled lines from edge to edge of the paper are removed; strokes are kept."""

from __future__ import annotations

import numpy as np
import pytest

from core.ink.drawing import Pixels
from core.ink.ruled_lines import without_ruled_lines
from tests.support.papers import SIZE, five

HEIGHT, WIDTH = SIZE


def lines(
    count: int, thickness: int, degrees: float = 0.0, start: int = 0, stop: int = WIDTH, size: tuple[int, int] = SIZE
) -> Pixels:
    """Draw `count` tilted lines, 60 pixels apart, from column `start` to `stop`."""
    rows, columns = np.indices(size)
    offsets = rows + np.tan(np.radians(degrees)) * (columns - size[1] / 2) - (200 if count < 4 else 30)
    ruled = (offsets % 60 < thickness) & (offsets >= 0) & (offsets < 60 * count)
    return (ruled & (columns >= start) & (columns < stop)).astype(np.uint8) * 255


@pytest.mark.parametrize("vertical", [False, True])
@pytest.mark.parametrize("degrees", [0, 3, -7])
def test_lines_are_removed_and_the_digit_is_kept(degrees: float, vertical: bool) -> None:
    ruled = lines(7, 3, degrees).T if vertical else lines(7, 3, degrees)
    digit = five((ruled.shape[0], ruled.shape[1]))

    found = without_ruled_lines(np.maximum(digit, ruled))

    assert (found[digit > 0] > 0).mean() > 0.97
    assert np.count_nonzero(found[digit == 0]) < 0.03 * np.count_nonzero(digit)


@pytest.mark.parametrize("degrees", [13, -13])
def test_slanted_strokes_from_edge_to_edge_are_kept(degrees: float) -> None:
    strokes = lines(3, 3, degrees)

    assert (without_ruled_lines(strokes) == strokes)[strokes > 0].mean() > 0.9


def test_single_line_thinner_than_the_writing_is_removed() -> None:
    digit, line = five(), lines(1, 13)

    found = without_ruled_lines(np.maximum(digit, line))

    assert not found[(line > 0) & (np.indices(SIZE)[1] < 200)].any()


@pytest.mark.parametrize(("count", "removed"), [(1, False), (2, False), (3, True), (7, True)])
def test_three_lines_as_wide_as_the_writing_are_removed(count: int, removed: bool) -> None:
    dot = np.zeros(SIZE, np.uint8)
    dot[160:180, 300:320] = 255
    ink = np.maximum(dot, lines(count, 18))

    found = without_ruled_lines(ink)

    assert np.array_equal(found[:, :280], np.zeros_like(found[:, :280]) if removed else ink[:, :280])
    assert found[160:180, 300:320].any()


def test_horizontal_stroke_on_a_line_is_kept() -> None:
    stroke = np.zeros(SIZE, np.uint8)
    stroke[148:156, 200:400] = 255

    found = without_ruled_lines(np.maximum(stroke, lines(7, 3)))

    assert (found[stroke > 0] > 0).mean() > 0.9
    assert not found[:, :190].any()


def test_single_thin_line_on_a_blank_page_is_removed() -> None:
    assert not without_ruled_lines(lines(1, 7)).any()


def test_single_stroke_that_fills_the_page_is_kept() -> None:
    stroke = lines(1, 13)

    assert np.array_equal(without_ruled_lines(stroke), stroke)


@pytest.mark.parametrize(("start", "stop"), [(12, WIDTH), (0, WIDTH - 12), (4, WIDTH - 4)])
def test_strokes_that_stop_short_of_an_edge_are_kept(start: int, stop: int) -> None:
    strokes = lines(7, 4, 0, start, stop)

    assert np.array_equal(without_ruled_lines(strokes), strokes)


def test_one_pixel_gaps_do_not_interrupt_a_line() -> None:
    ruled = lines(7, 3) * (np.indices(SIZE)[1] % 20 > 0)

    assert not without_ruled_lines(ruled).any()


def test_lines_end_at_the_edge_of_the_paper() -> None:
    rows, columns = np.indices(SIZE)
    paper = (columns - rows / 4 > 60) & (columns - rows / 4 < 480)
    ruled = np.where(paper, lines(7, 2), np.uint8(0))

    assert not without_ruled_lines(ruled, paper).any()
    assert np.array_equal(without_ruled_lines(ruled), ruled)


def test_small_picture_has_no_lines() -> None:
    ink = lines(1, 2, size=(64, 64))
    ink[20:22] = 255

    assert np.array_equal(without_ruled_lines(ink), ink)
