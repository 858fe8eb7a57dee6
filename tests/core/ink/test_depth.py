"""Ink by its depth, as test_photo.py does not see it: its parts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.lib.stride_tricks import sliding_window_view

from core.ink.depth import Mask, runs


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12)), st.integers(1, 14))
def test_runs_begin_where_so_many_places_down_a_column_are_true(mask: Mask, length: int) -> None:
    found = runs(mask, length)

    if length > len(mask):
        assert found.shape == (0, mask.shape[1])
    else:
        assert np.array_equal(found, sliding_window_view(mask, length, axis=0).all(axis=-1))
