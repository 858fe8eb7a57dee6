"""The reasons for an answer, in words. The pictures are tested on the page, in views/test_draw.py."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.explain.nearest_cache import NearestImage
from dashboard.explain.reasons import compare_distances

IMAGE = np.zeros((28, 28), np.uint8)


@pytest.mark.parametrize(
    ("eight", "three", "fact"),
    [
        (2.0, 5.0, "the most similar 3 is 2.5 times as far away as the most similar 8"),
        (5.0, 2.0, "the most similar 8 is 2.5 times as far away as the most similar 3"),
        (4.0, 4.1, "the most similar 8 and 3 are equally far away"),
        (0.0, 4.0, "there is an identical 8"),
        (0.0, 0.0, "the most similar 8 and 3 are equally far away"),
    ],
)
def test_distances_are_compared_in_words(eight: float, three: float, fact: str) -> None:
    assert compare_distances(NearestImage(IMAGE, 0, 8, eight), NearestImage(IMAGE, 1, 3, three)) == fact
