"""The network in NumPy computes what Keras computes: every layer, and every gradient."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from core.classifier.bundle import Bundle
from core.classifier.export import MAX_DIFFERENCE
from core.classifier.predictor import Predictor
from core.explain.keras_reader import load_network, read_network
from core.explain.target import Target, target_values
from core.workspace import SHIPPED_BUNDLE
from tests.support.tiny_networks import ARCHITECTURES, save_random_model


def random_images(count: int = 4) -> np.ndarray:
    """Return images with a blank margin, where max pooling meets equal values."""
    images = np.random.default_rng(5).random((count, 28, 28), np.float32)
    images[:, :9] = 0
    return images


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("filters", [(3,), (3, 4), (3, 4, 5)])
@pytest.mark.parametrize("dense_units", [0, 6])
def test_outputs_and_gradients_are_those_of_keras(
    architecture: str, filters: tuple[int, ...], dense_units: int, tmp_path: Path
) -> None:
    model, path = save_random_model(tmp_path, architecture, filters=filters, dense_units=dense_units)
    images = random_images()

    network = read_network(path)

    inputs = tf.constant(images[..., np.newaxis])
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        expected = model(inputs, training=False)
        probability = expected[:, 3]
    assert network.probabilities(images) == pytest.approx(expected.numpy(), abs=1e-5)
    gradient, expected_gradient = (
        network.gradient(images, 3, "probability"),
        tape.gradient(probability, inputs).numpy()[..., 0],
    )
    assert np.abs(gradient - expected_gradient).max() <= 1e-5 * max(1, np.abs(expected_gradient).max())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_activation_is_an_output_of_keras(architecture: str, tmp_path: Path) -> None:
    model, path = save_random_model(tmp_path, architecture)
    images = random_images(2)
    outputs = keras.Model(model.inputs, [layer.output for layer in model.layers])(images[..., np.newaxis])

    network = read_network(path)
    activations = network.activations(images)

    checked = 0
    for layer, activation in zip(network.layers, activations, strict=True):
        if layer.kind == "dense" or (architecture == "original" and layer.kind == "convolution"):
            continue  # Keras applies their activation function in the same layer
        candidates = [np.asarray(output) for output in outputs if output.shape == activation.shape]
        assert min(np.abs(activation - output).max() for output in candidates) <= 1e-5 * max(
            1, np.abs(activation).max()
        )
        checked += 1
    assert checked >= 6


@pytest.mark.parametrize("target", ["logit", "probability", "log_odds"])
def test_gradient_predicts_a_small_change(target: Target) -> None:
    network = load_network(Bundle(SHIPPED_BUNDLE))
    image = random_images(1)
    gradient = network.gradient(image, 5, target)
    step = 1e-3 * gradient / np.linalg.norm(gradient)

    before, after = (
        target_values(network.logits(pixels), 5, target, network.temperature)[0] for pixels in (image, image + step)
    )

    assert after - before == pytest.approx(float((gradient * step).sum()), rel=0.05)


def test_shipped_network_agrees_with_the_predictor() -> None:
    bundle, images = Bundle(SHIPPED_BUNDLE), (random_images(40) * 255).astype(np.uint8)

    differences = np.abs(load_network(bundle).probabilities(images) - Predictor(bundle).probabilities(images))

    assert differences.max() <= MAX_DIFFERENCE


def test_layers_have_readable_titles() -> None:
    titles = [layer.title for layer in load_network(Bundle(SHIPPED_BUNDLE)).layers]

    assert titles[:5] == [
        "Convolution 1 (32 filters, 3x3)",
        "Max pooling after convolution 1 (2x2)",
        "Batch normalisation after convolution 1",
        "ReLU after convolution 1",
        "Convolution 2 (32 filters, 3x3)",
    ]
    assert titles[-2:] == ["Dense layer 1 (10 units)", "Probabilities (softmax)"]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_switched_off_channel_is_zero_and_changes_later_layers(architecture: str, tmp_path: Path) -> None:
    network = read_network(save_random_model(tmp_path, architecture)[1])
    relu = next(index for index, layer in enumerate(network.layers) if layer.kind == "relu")

    all_channels_on, one_channel_off = (
        network.activations(random_images()),
        network.activations(random_images(), {relu: [1]}),
    )

    assert all_channels_on[relu][..., 1].any()
    assert not one_channel_off[relu][..., 1].any()
    assert np.array_equal(one_channel_off[relu][..., [0, 2]], all_channels_on[relu][..., [0, 2]])
    assert not np.array_equal(one_channel_off[-1], all_channels_on[-1])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_block_ends_before_the_next_weights(architecture: str, tmp_path: Path) -> None:
    network = read_network(save_random_model(tmp_path, architecture)[1])

    end = network.block_end(0)

    assert not {"convolution", "depthwise", "dense"} & {layer.kind for layer in network.layers[1 : end + 1]}
    assert network.layers[end + 1].kind in ("convolution", "depthwise", "flatten")
