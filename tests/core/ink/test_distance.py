"""Distances, against SciPy's."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from core.ink.distance import distance_to

masks = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=40), elements=st.booleans(), fill=st.just(False))


@given(mask=masks, reach=st.floats(0, 45))
def test_distances_are_exact_within_reach_and_beyond_it_elsewhere(mask: np.ndarray, reach: float) -> None:
    found = distance_to(mask, reach)
    exact = ndimage.distance_transform_edt(~mask) if mask.any() else np.full(mask.shape, np.inf)

    near = exact <= reach
    np.testing.assert_allclose(found[near], exact[near], rtol=1e-6)
    assert (found[~near] > reach).all()
    assert found.dtype == np.float32
