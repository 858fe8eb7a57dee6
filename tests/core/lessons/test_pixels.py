"""Painted pixels and the position of the ink."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.lessons.pixels import is_off_centre, moved_to_corner, painted
from tests.support.drawn_digits import SEVEN, drawn

IMAGE = arrays(np.uint8, (28, 28), elements=st.sampled_from([0, 0, 0, 128, 255]))


@given(IMAGE)
def test_painted_picture_arrives_as_it_was_sent(image: np.ndarray) -> None:
    received = painted(image.ravel().tolist())

    assert received is not None
    assert (received == image).all()


@given(st.one_of(st.none(), st.text(), st.lists(st.integers(-1, 256), max_size=3), st.just([300] * 784)))
def test_anything_else_is_not_a_picture(sent: object) -> None:
    assert painted(sent) is None


@given(IMAGE)
def test_digit_moves_to_the_corner_unchanged(image: np.ndarray) -> None:
    (moved_image,) = moved_to_corner(image[np.newaxis])

    assert sorted(moved_image[moved_image > 0]) == sorted(image[image > 0])
    assert not image.any() or (moved_image[0].any() and moved_image[:, 0].any())


def test_small_digit_in_a_corner_is_off_centre() -> None:
    assert is_off_centre(drawn(SEVEN, height=60, left=15, top=15))
    assert not is_off_centre(drawn(SEVEN))
    assert not is_off_centre(np.zeros((28, 28), np.uint8))
