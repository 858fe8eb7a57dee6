"""Names of places on a drawing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.explain.regions import strongest_place

PLACES = {
    (0, 0): "at the top left",
    (0, 1): "at the top",
    (1, 0): "on the left",
    (1, 1): "in the middle",
    (1, 2): "on the right",
    (2, 2): "at the bottom right",
}


@pytest.mark.parametrize(("ninth", "place"), PLACES.items())
def test_strongest_ninth_of_the_ink_is_named(ninth: tuple[int, int], place: str) -> None:
    image, values = np.zeros((28, 28), np.uint8), np.full((28, 28), -1.0)
    image[10:19, 4:25] = 255
    values[10 + 3 * ninth[0] + 1, 4 + 7 * ninth[1] + 3] = 0.5
    values[0, 0] = 9  # outside the ink

    assert strongest_place(values, image) == place


def test_a_slim_stroke_has_no_left_and_right() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 13:15] = 255

    assert strongest_place(image.astype(float) * (np.arange(28)[:, np.newaxis] < 8), image) == "at the top"


@given(height=st.integers(0, 3), width=st.integers(0, 3), value=st.sampled_from([-1.0, 0.0, 1.0]))
def test_any_ink_has_a_place_if_a_value_is_positive(height: int, width: int, value: float) -> None:
    image = np.zeros((28, 28), np.uint8)
    image[12 : 12 + height, 12 : 12 + width] = 255

    place = strongest_place(np.full((28, 28), value), image)

    assert (place is not None) == (height > 0 and width > 0 and value > 0)
