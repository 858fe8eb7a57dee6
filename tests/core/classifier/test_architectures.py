"""Every architecture classifies 28x28 images, with one to three blocks."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from core.classifier.architectures import build_model
from core.config import PRESETS, ModelConfig
from dashboard.training.preset_cards import PRESET_MEASUREMENTS

ARCHITECTURES = get_args(ModelConfig.model_fields["architecture"].annotation)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("filters", [(4,), (4, 6), (4, 6, 8)])
def test_any_number_of_blocks_outputs_ten_probabilities(architecture: str, filters: tuple[int, ...]) -> None:
    model = build_model(ModelConfig(architecture=architecture, filters=filters, dense_units=0))

    probabilities = np.asarray(model(np.random.default_rng(1).random((3, 28, 28, 1), np.float32)))

    assert probabilities.shape == (3, 10)
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", PRESETS)
def test_preset_cards_show_their_number_of_parameters(name: str) -> None:
    assert build_model(PRESETS[name].model).count_params() == PRESET_MEASUREMENTS[name].parameters


def test_strides_cost_less_than_half_as_much_as_pooling() -> None:
    def cost(architecture: str) -> int:
        """Return the multiply-adds of the convolutions, from the shapes of their kernels and feature maps."""
        model = build_model(ModelConfig(architecture=architecture, filters=(24, 48, 96), dense_units=0))
        convolutions = [layer for layer in model.layers if type(layer).__name__ == "Conv2D"]
        return sum(
            int(np.prod(layer.kernel.shape)) * layer.output.shape[1] * layer.output.shape[2] for layer in convolutions
        )

    assert cost("strided") <= cost("deep") * 0.45
