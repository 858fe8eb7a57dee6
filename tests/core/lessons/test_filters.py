"""The filter in the lesson on filters."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.lessons.filters import LIMIT, UPRIGHT, kernel_from, preference, respond

NUMBERS = st.lists(st.integers(-LIMIT, LIMIT), min_size=9, max_size=9)


@given(NUMBERS)
def test_turning_a_filter_turns_its_preference(numbers: list[int]) -> None:
    kernel = kernel_from(numbers)
    assert kernel is not None

    original, turned = preference(kernel), preference(kernel.T)

    assert (original.level, original.upright) == (turned.upright, turned.level)


def test_only_the_turned_first_filter_prefers_level_strokes() -> None:
    kernel = np.array(UPRIGHT).reshape(3, 3)

    assert not preference(kernel).prefers_level
    assert preference(kernel.T).prefers_level
    assert not preference(np.zeros((3, 3))).prefers_level


@given(NUMBERS)
def test_response_is_the_sum_of_nine_products(numbers: list[int]) -> None:
    image = np.arange(784, dtype=np.uint32).reshape(28, 28).astype(np.uint8)
    kernel = np.array(numbers, float).reshape(3, 3)

    response = respond(image, kernel)

    assert np.isclose(response[9, 5], (kernel * (image[8:11, 4:7] / 255)).sum())


@given(st.one_of(st.none(), st.lists(st.integers(), max_size=8), st.just(["1"] * 9), st.just([99] * 9)))
def test_anything_else_is_not_a_filter(sent: object) -> None:
    assert kernel_from(sent) is None


def test_non_finite_numbers_are_not_a_filter() -> None:
    assert kernel_from([float("nan")] * 9) is None
    assert kernel_from([float("inf")] * 9) is None
