"""Variations of pen digits keep their strokes and remain legible."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.handwriting.pen_digits import PenDigit
from core.handwriting.strokes.pen import HEIGHT
from core.handwriting.variation import draw_variations, vary

coordinates = st.floats(-1000, 1000)
strokes = st.lists(st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=12), min_size=1, max_size=3)
SEVEN = [np.array([(0.0, 0.0), (60.0, 0.0), (20.0, 100.0)]), np.array([(10.0, 50.0), (50.0, 50.0)])]


@given(strokes, st.integers(0, 99))
def test_variation_keeps_the_strokes_and_roughly_the_size(strokes: list[list[tuple[float, float]]], seed: int) -> None:
    varied = vary([np.array(stroke) for stroke in strokes], np.random.default_rng(seed))

    assert len(varied) == len(strokes)
    assert all(len(stroke) >= 1 and stroke.shape[1] == 2 for stroke in varied)
    assert np.abs(np.concatenate(varied)).max() < 2 * HEIGHT


def test_variations_differ_in_shape_not_only_in_position() -> None:
    first, second = (vary(SEVEN, np.random.default_rng(seed)) for seed in (1, 2))

    sizes = [np.ptp(np.concatenate(strokes), axis=0) for strokes in (first, second)]
    assert not np.allclose(sizes[0], sizes[1], rtol=0.02)


def test_strokes_move_relative_to_each_other() -> None:
    offsets = [strokes[1].mean(axis=0) - strokes[0].mean(axis=0) for strokes in map(_varied_seven, range(200))]

    # The bar of the 7 remains a bar: it moves by less than a fifth of the digit's height.
    spread = np.std(offsets, axis=0)
    assert (spread > 0.01 * HEIGHT).all()
    assert (spread < 0.2 * HEIGHT).all()


def _varied_seven(seed: int) -> list[np.ndarray]:
    return vary(SEVEN, np.random.default_rng(seed))


def test_drawn_variations_are_prepared_and_repeatable() -> None:
    digits = [PenDigit(7, 1, [[(0, 0), (60, 0), (20, 100)]]), PenDigit(1, 2, [[(5, 5)]])]

    images = draw_variations(digits, np.random.default_rng(3))

    assert images.shape == (2, 28, 28)
    assert images.dtype == np.uint8
    assert (images.max(axis=(1, 2)) > 200).all()
    assert np.array_equal(images, draw_variations(digits, np.random.default_rng(3)))
    assert not np.array_equal(images, draw_variations(digits, np.random.default_rng(4)))
