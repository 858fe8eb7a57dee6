"""Candidates for the digit in a picture: each once, in order, without dust."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.ink.drawing import Pixels
from core.ink.picture_ink import picture_ink


def stroke(column: int) -> Pixels:
    ink = np.zeros((100, 100), np.uint8)
    ink[20:80, column : column + 4] = 255
    return ink


@given(st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_each_candidate_is_kept_once_and_in_order(columns: list[int]) -> None:
    found = picture_ink(stroke(columns[0]), map(stroke, columns))

    expected = [stroke(column) for column in dict.fromkeys(columns)]
    assert [ink.tolist() for ink in found.candidates] == [ink.tolist() for ink in expected]
    assert not found.blank


def test_dust_becomes_blank() -> None:
    dust = np.zeros((100, 100), np.uint8)
    dust[50, 50] = 255

    found = picture_ink(dust, [dust, stroke(10)])

    assert found.blank
    assert [candidate.any() for candidate in found.candidates] == [False, True]
