"""The sentence that explains a feature map's value as a weighted sum."""

from __future__ import annotations

import numpy as np
import pytest

from core.explain.feature_maps import WeightedSum
from core.explain.layers import Layer, MaxPooling, Normalisation, ReLU, Window
from dashboard.explain.weighted_sum import sum_sentence

RELU = ReLU("relu", "ReLU", (2, 2, 1))
POOLING = MaxPooling("pooling", "Max pooling", (1, 1, 1), Window(2, 2))
NORMALISATION = Normalisation("normalisation", "Normalisation", (2, 2, 1), np.array([2.0]), np.array([-5.0]))


@pytest.mark.parametrize(
    ("product", "layers", "expected"),
    [
        (0.5, [], "Inputs × weights +0.500, bias +0.250: together **0.750**."),
        (0.5, [RELU], "together **0.750**; ReLU keeps positive values."),
        (-0.5, [RELU], "together **-0.250**; ReLU replaces negative values with **0**."),
        (0.5, [NORMALISATION, RELU], "**0.750**; normalised to **-3.500**; ReLU replaces negative values with **0**."),
        (-0.5, [RELU, POOLING], "negative values with **0**; no value in its pooling window is larger."),
    ],
)
def test_layers_after_the_sum_are_named_in_order(product: float, layers: list[Layer], expected: str) -> None:
    weighted_sum = WeightedSum(np.full((1, 1, 1), product), np.ones((1, 1, 1)), 0.25)

    assert sum_sentence(layers, weighted_sum, 0).endswith(expected)
