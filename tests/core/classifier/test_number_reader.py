"""Numbers: the best path through a lattice, and several digits that are not a digit."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from core.classifier.bundle import Bundle
from core.classifier.number_reader import _viterbi, read_digit, read_number
from core.classifier.predictor import Predictor
from core.ink.canvas_strokes import Stroke, draw_stroke, join_patches, strokes_from_canvas
from core.ink.drawing import Pixels
from core.ink.numbers import Lattice
from core.workspace import SHIPPED_BUNDLE

FOUR = [[(40, 0), (0, 80), (70, 80)], [(50, 40), (45, 140)]]
SEVEN = [[(0, 0), (70, 0), (25, 140)], [(10, 70), (60, 70)]]
ONE = [[(20, 0), (20, 140)]]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(Bundle(SHIPPED_BUNDLE))


def write(*digits: list[list[tuple[int, int]]], gap: int = 110) -> list[Stroke]:
    """Return the strokes of digits side by side."""
    return [
        Stroke(np.add(line, (30.0 + gap * index, 40.0)), 14.0) for index, digit in enumerate(digits) for line in digit
    ]


def ink_of(strokes: list[Stroke]) -> Pixels:
    return np.pad(join_patches([draw_stroke(stroke) for stroke in strokes]).ink, 20)


@given(st.integers(1, 5), st.data())
def test_best_path_is_the_best_of_all_paths(end: int, data: st.DataObject) -> None:
    pairs = [(source, target) for source in range(end) for target in range(source + 1, end + 1)]
    scores = np.array(data.draw(st.lists(st.floats(-9, 9), min_size=len(pairs), max_size=len(pairs))))
    edges = np.array([(*pair, group) for group, pair in enumerate(pairs)])
    lattice = Lattice("strokes", [], [()] * len(pairs), np.zeros((len(pairs), 0)), edges, end, lambda _: None)

    path = _viterbi(lattice, scores)

    nodes = [0, *(pairs[group][1] for group in path)]
    assert [pairs[group] for group in path] == list(pairwise(nodes))
    assert nodes[-1] == end
    best = [0.0]
    for target in range(1, end + 1):
        best.append(max(best[source] + scores[pairs.index((source, target))] for source in range(target)))
    assert scores[path].sum() == pytest.approx(best[-1])


def test_digits_on_a_canvas_become_a_number(predictor: Predictor) -> None:
    strokes = write(FOUR, SEVEN, ONE)

    number = read_number(predictor, ink_of(strokes), strokes)

    assert number.number == "471"
    lefts = [digit.box[1] for digit in number.digits]
    assert lefts == sorted(lefts)


def test_bars_that_are_written_last_join_their_digits(predictor: Predictor) -> None:
    strokes = write(SEVEN, FOUR)
    late = [strokes[0], strokes[2], strokes[1], strokes[3]]

    assert read_number(predictor, ink_of(late), late).number == "74"


def test_digits_in_a_picture_become_a_number(predictor: Predictor) -> None:
    number = read_number(predictor, ink_of(write(FOUR, ONE, SEVEN)))

    assert number.number == "417"
    assert number.to_json()["number"] == "417"
    assert [digit["digit"] for digit in number.to_json()["digits"]] == [4, 1, 7]


@pytest.mark.parametrize("on_canvas", [True, False])
def test_several_digits_are_not_a_digit(predictor: Predictor, on_canvas: bool) -> None:
    strokes = write(FOUR, SEVEN)

    reading = read_digit(predictor, ink_of(strokes), strokes if on_canvas else None)

    assert reading.several
    assert reading.verdict == "not_a_digit"


@pytest.mark.parametrize("digit", [FOUR, SEVEN, ONE])
def test_single_digit_is_not_split(predictor: Predictor, digit: list[list[tuple[int, int]]]) -> None:
    strokes = write(digit)

    assert not read_digit(predictor, ink_of(strokes), strokes).several
    assert len(read_number(predictor, ink_of(strokes)).digits) == 1


def test_blank_drawing_has_no_digits(predictor: Predictor) -> None:
    number = read_number(predictor, np.zeros((50, 50), np.uint8))

    assert (number.number, number.digits, number.verdict) == (None, (), "blank")


def test_strokes_are_drawn_as_the_canvas_draws_them() -> None:
    path = [["M", 20, 20], ["Q", 20, 20, 60, 40], ["L", 100, 100]]

    (stroke,) = strokes_from_canvas([{"path": path, "strokeWidth": 10}])
    patch = draw_stroke(stroke)

    expected = Image.new("L", (140, 140))
    ImageDraw.Draw(expected).line([(20, 20), (60, 40), (100, 100)], 255, width=10, joint="curve")
    drawn = np.zeros((140, 140), np.uint8)
    top, left, bottom, right = patch.box
    drawn[top:bottom, left:right] = patch.ink
    assert (np.abs(drawn.astype(int) - np.asarray(expected)) > 128).mean() < 0.01


@pytest.mark.parametrize("on_canvas", [True, False])
def test_grid_is_not_several_digits(predictor: Predictor, on_canvas: bool) -> None:
    lines = [[(40, 80), (240, 80)], [(40, 190), (240, 190)], [(90, 40), (90, 240)], [(190, 40), (190, 240)]]
    strokes = [Stroke(np.array(line, float), 20.0) for line in lines]

    reading = read_digit(predictor, ink_of(strokes), strokes if on_canvas else None)

    assert (reading.verdict, reading.several) == ("not_a_digit", False)
