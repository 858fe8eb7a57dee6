"""The exported network agrees with the trained one."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from core.classifier.architectures import build_model
from core.classifier.export import MAX_DIFFERENCE, export_model, layer_cards
from core.classifier.network import Network
from core.config import ModelConfig
from core.data.datasets import load_dataset, normalise
from core.errors import BundleError
from core.workspace import Workspace


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return load_dataset("digits", Workspace(Path("unused"))).train.images


@pytest.fixture
def model() -> keras.Model:
    keras.utils.set_random_seed(1)
    return build_model(ModelConfig(architecture="original", filters=(8, 16), dense_units=0, dropout=0))


def differences(folder: Path, model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return the absolute differences between the probabilities of the LiteRT and the Keras model, (n, 10)."""
    exported = Network(export_model(model, folder, images).tflite_file)(images).probabilities
    return np.abs(exported - np.asarray(model(normalise(images), training=False)))


def test_exported_network_predicts_the_same(tmp_path: Path, model: keras.Model, images: np.ndarray) -> None:
    assert differences(tmp_path, model, images).max() <= MAX_DIFFERENCE


def test_network_with_nan_outputs_is_rejected(tmp_path: Path, model: keras.Model, images: np.ndarray) -> None:
    model.layers[-1].set_weights([np.full_like(weights, np.nan) for weights in model.layers[-1].get_weights()])

    with pytest.raises(BundleError, match="cannot be used"):
        export_model(model, tmp_path, images)


def test_multiply_adds_of_each_layer_are_counted() -> None:
    layers = layer_cards(build_model(ModelConfig(architecture="deep", filters=(2, 3), dense_units=0)))

    convolution, depthwise, dense = 28 * 28 * 3 * 3 * 2, 14 * 14 * 3, 3 * 10
    # The second block has 14 x 14 positions; its convolutions both read two maps, and return two and three maps.
    second_block = 14 * 14 * 3 * 3 * (2 * 2 + 2 * 3)
    assert [layer.multiply_adds for layer in layers if layer.kind == "DepthwiseConv2D"] == [depthwise]
    assert sum(layer.multiply_adds for layer in layers) == convolution + second_block + depthwise + dense
