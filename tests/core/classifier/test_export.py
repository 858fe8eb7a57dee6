"""The exported network agrees with the trained one, with eight-bit weights if possible."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from core.classifier.architectures import build_model
from core.classifier.export import FLOAT_TOLERANCE, QUANTIZED_TOLERANCE, export_model, layer_cards
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


def make_eight_bits_too_few(model: keras.Model) -> None:
    """Give an always inactive feature such large weights that quantization rounds all other weights to 0."""
    *_, convolution, _, _, dense = model.layers
    kernel, bias = convolution.get_weights()
    bias[0] = -1e6
    convolution.set_weights([kernel, bias])
    kernel, bias = dense.get_weights()
    kernel *= 20
    kernel[:: convolution.filters] = 1e5
    dense.set_weights([kernel, bias])


def test_eight_bit_weights_predict_nearly_the_same(tmp_path: Path, model: keras.Model, images: np.ndarray) -> None:
    difference = differences(tmp_path, model, images)

    maximum, mean = QUANTIZED_TOLERANCE
    assert difference.max() <= maximum
    assert difference.mean() <= mean
    assert (tmp_path / "mnist_model.tflite").stat().st_size < 4 * model.count_params()


def test_weights_keep_32_bits_if_eight_differ_too_much(tmp_path: Path, model: keras.Model, images: np.ndarray) -> None:
    make_eight_bits_too_few(model)

    difference = differences(tmp_path, model, images)

    maximum, mean = FLOAT_TOLERANCE
    assert difference.max() <= maximum
    assert difference.mean() <= mean
    assert (tmp_path / "mnist_model.tflite").stat().st_size > 4 * model.count_params()


def test_network_with_nan_outputs_is_rejected(tmp_path: Path, model: keras.Model, images: np.ndarray) -> None:
    model.layers[-1].set_weights([np.full_like(weights, np.nan) for weights in model.layers[-1].get_weights()])

    with pytest.raises(BundleError, match="cannot be used"):
        export_model(model, tmp_path, images)


def test_multiply_adds_of_each_layer_are_counted() -> None:
    layers = layer_cards(build_model(ModelConfig(architecture="deep", filters=(2, 3), dense_units=0)))

    convolution, depthwise, dense = 28 * 28 * 3 * 3 * 2, 14 * 14 * 3, 3 * 10
    # The second block has 14 x 14 positions; its convolutions read two maps each and return two and three.
    second_block = 14 * 14 * 3 * 3 * (2 * 2 + 2 * 3)
    assert [layer.multiply_adds for layer in layers if layer.kind == "DepthwiseConv2D"] == [depthwise]
    assert sum(layer.multiply_adds for layer in layers) == convolution + second_block + depthwise + dense
