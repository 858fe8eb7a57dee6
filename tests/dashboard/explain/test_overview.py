"""The network at a glance."""

from __future__ import annotations

import numpy as np

from dashboard.explain.overview import strengths


def test_a_map_of_the_background_is_weaker_than_one_of_an_edge() -> None:
    background, edge, opposite_edge = np.full((14, 14), 0.3), np.zeros((14, 14)), np.zeros((14, 14))
    edge[9, 6], opposite_edge[3, 3] = 2.0, -3.0

    assert strengths(np.stack([background, edge, opposite_edge])).argsort().tolist() == [0, 1, 2]
