"""Every architecture with one to three blocks is a classifier of 28x28 images."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from core.classifier.architectures import build_model
from core.config import ModelConfig

ARCHITECTURES = get_args(ModelConfig.model_fields["architecture"].annotation)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("filters", [(4,), (4, 6), (4, 6, 8)])
def test_any_number_of_blocks_ends_in_ten_probabilities(architecture: str, filters: tuple[int, ...]) -> None:
    model = build_model(ModelConfig(architecture=architecture, filters=filters, dense_units=0))

    answers = np.asarray(model(np.random.default_rng(1).random((3, 28, 28, 1), np.float32)))

    assert answers.shape == (3, 10)
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_strides_take_the_place_of_pooling_in_the_deepest_network() -> None:
    model = build_model(ModelConfig(architecture="strided", filters=(4, 6, 8), dense_units=0))
    maps = [layer.output.shape[1:] for layer in model.layers if type(layer).__name__ == "Conv2D"]

    assert not any("Pooling" in type(layer).__name__ for layer in model.layers)
    assert maps == [(28, 28, 4), (14, 14, 4), (14, 14, 6), (7, 7, 6), (7, 7, 8), (5, 5, 8), (3, 3, 8)]
