"""Synthetic handwriting: digits, letters, scribbles and shapes."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.handwriting.strokes import (
    DOODLES,
    HELD_OUT_DOODLES,
    HELD_OUT_LETTERS,
    LETTERS,
    LETTERS_UNLIKE_DIGITS,
    digit_strokes,
    doodle_strokes,
    draw_digits,
    letter_strokes,
    render,
    scribble_strokes,
    shape_strokes,
)
from core.handwriting.strokes.five_to_nine import FIVE_TO_NINE
from core.handwriting.strokes.pen import Strokes
from core.handwriting.strokes.rare_digits import RARE_DIGITS
from core.handwriting.strokes.zero_to_four import ZERO_TO_FOUR
from core.ink.drawing import prepare

SEEDS = st.integers(0, 2**32 - 1)
GLYPHS: dict[str, Callable[[np.random.Generator], Strokes]] = {
    **{str(digit): partial(digit_strokes, digit) for digit in range(10)},
    **{letter: partial(letter_strokes, letter) for letter in LETTERS},
    **{f"held-out {letter}": partial(letter_strokes, letter, held_out=True) for letter in HELD_OUT_LETTERS},
    **{doodle: partial(doodle_strokes, names=[doodle]) for doodle in (*DOODLES, *HELD_OUT_DOODLES)},
    "scribble": scribble_strokes,
    "shape": shape_strokes,
}


@given(name=st.sampled_from(sorted(GLYPHS)), seed=SEEDS)
def test_every_glyph_has_strokes_of_finite_points(name: str, seed: int) -> None:
    strokes = GLYPHS[name](np.random.default_rng(seed))

    assert strokes
    for stroke in strokes:
        assert stroke.ndim == 2
        assert stroke.shape[0] >= 2
        assert stroke.shape[1] == 2
        assert np.isfinite(stroke).all()


@given(name=st.sampled_from(sorted(GLYPHS)), seed=SEEDS)
def test_same_seed_draws_the_same_glyph(name: str, seed: int) -> None:
    first, second = (GLYPHS[name](np.random.default_rng(seed)) for _ in range(2))

    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_all_synthetic_digits_differ() -> None:
    images, _ = draw_digits(200, seed=5)

    assert len(np.unique(images, axis=0)) == 200


@given(digit=st.integers(0, 9), seed=SEEDS, side=st.sampled_from([140, 280]))
def test_rendered_ink_has_the_documented_size(digit: int, seed: int, side: int) -> None:
    rng = np.random.default_rng(seed)

    ink = render(digit_strokes(digit, rng), rng, side)

    assert ink.shape == (side, side)
    assert ink.dtype == np.uint8
    assert set(np.unique(ink)) == {0, 255}
    rows, columns = np.nonzero(ink)
    longest = 1 + max(np.ptp(rows), np.ptp(columns))
    assert 0.3 * 0.8 * side - 3 <= longest <= 0.9 * side + 3


def test_drawings_appear_all_over_the_canvas() -> None:
    rng = np.random.default_rng(0)

    heatmap = np.mean([render(digit_strokes(8, rng), rng, 140) > 0 for _ in range(200)], axis=0)

    for corner in (heatmap[:35, :35], heatmap[:35, -35:], heatmap[-35:, :35], heatmap[-35:, -35:]):
        assert corner.max() > 0.02


def test_some_drawings_have_square_ends() -> None:
    rng, bar = np.random.default_rng(1), [np.array([[0.0, 0.0], [0.0, 100.0]])]
    inks = [render(bar, rng, 140) for _ in range(60)]

    # The first row of a bar with square ends is as wide as the bar; with a round brush, it is narrower.
    first_rows = [np.count_nonzero(ink[np.flatnonzero(ink.any(axis=1))[0]]) for ink in inks]
    widths = [np.count_nonzero(ink.any(axis=0)) for ink in inks]
    wide_bars = [(first, width) for first, width in zip(first_rows, widths, strict=True) if width >= 6]
    square_count = sum(first >= width - 1 for first, width in wide_bars)
    assert 0 < square_count < len(wide_bars) / 2


@pytest.mark.parametrize("digit", range(10))
def test_rare_styles_are_rarer_than_common_ones(digit: int) -> None:
    common = (ZERO_TO_FOUR | FIVE_TO_NINE)[digit]

    assert sum(weight for weight, _ in RARE_DIGITS[digit]) < sum(weight for weight, _ in common) / 2


def test_synthetic_digits_are_balanced_and_shuffled() -> None:
    images, labels = draw_digits(100, seed=1)

    assert (images.shape, images.dtype, labels.dtype) == ((100, 28, 28), np.uint8, np.uint8)
    assert Counter(labels.tolist()) == dict.fromkeys(range(10), 10)
    assert labels.tolist() != sorted(labels.tolist())


def test_synthetic_digits_are_already_prepared() -> None:
    images, _ = draw_digits(30, seed=2)

    for image in images:
        prepared = prepare(image).image
        assert prepared is not None
        np.testing.assert_array_equal(prepared, image)


def test_seed_determines_the_digits() -> None:
    np.testing.assert_array_equal(draw_digits(20, seed=3)[0], draw_digits(20, seed=3)[0])
    assert (draw_digits(20, seed=3)[0] != draw_digits(20, seed=4)[0]).any()


def test_letters_unlike_digits_exclude_lookalikes() -> None:
    assert set(LETTERS) == set(string.ascii_letters)
    assert set(LETTERS_UNLIKE_DIGITS) < set(LETTERS)
    assert not set(LETTERS_UNLIKE_DIGITS) & set("OoDQIlZzSsBbqg")


def test_held_out_letters_are_unlike_digits() -> None:
    assert set(HELD_OUT_LETTERS) < set(LETTERS_UNLIKE_DIGITS)


def test_held_out_doodles_are_not_trained_on() -> None:
    assert not set(DOODLES) & set(HELD_OUT_DOODLES)


def test_letters_are_drawn_in_several_styles() -> None:
    counts = Counter(len(letter_strokes("E", np.random.default_rng(seed))) for seed in range(60))

    assert len(counts) > 1
