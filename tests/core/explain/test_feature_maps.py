"""A value of a feature map can be traced back to pixels, and a channel can be switched off."""

from __future__ import annotations

import functools
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.classifier.bundle import Bundle
from core.explain.feature_maps import accuracy_without, find_source, receptive_field, weighted_sum
from core.explain.keras_reader import load_network, read_network
from core.explain.layers import Normalisation, ReLU
from core.explain.numpy_network import NumpyNetwork
from core.workspace import SHIPPED_BUNDLE
from tests.support.tiny_networks import ARCHITECTURES, save_random_model

IMAGE = np.random.default_rng(2).random((28, 28), np.float32)


@functools.cache
def network_of(architecture: str) -> NumpyNetwork:
    with TemporaryDirectory() as folder:
        return read_network(save_random_model(Path(folder), architecture)[1])


@settings(max_examples=30)
@given(st.sampled_from(ARCHITECTURES), st.data())
def test_value_depends_on_its_receptive_field_only(architecture: str, data: st.DataObject) -> None:
    network = network_of(architecture)
    map_layers = [index for index, layer in enumerate(network.layers) if len(layer.output_shape) == 3]
    layer = data.draw(st.sampled_from(map_layers))
    side = network.layers[layer].output_shape[0]
    row, column = data.draw(st.integers(0, side - 1)), data.draw(st.integers(0, side - 1))

    top, left, bottom, right = receptive_field(network, layer, row, column)

    changed_outside = IMAGE + 1
    changed_outside[top:bottom, left:right] = IMAGE[top:bottom, left:right]
    values = network.activations(np.stack([IMAGE, changed_outside]))[layer][:, row, column]
    assert values[0] == pytest.approx(values[1], abs=1e-4)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_pixel_of_the_first_receptive_field_counts(architecture: str) -> None:
    network = network_of(architecture)
    top, left, bottom, right = receptive_field(network, 0, 5, 6)
    images = np.repeat(IMAGE[np.newaxis], (bottom - top) * (right - left) + 1, axis=0)
    for index, (row, column) in enumerate(np.ndindex(bottom - top, right - left)):
        images[index, top + row, left + column] += 1

    values = network.activations(images)[0][:, 5, 6]

    assert (values[:-1] != values[-1]).any(axis=1).all()


def test_dense_layer_sees_the_complete_image() -> None:
    network = network_of("strided")

    assert receptive_field(network, len(network.layers) - 1, 0, 0) == (0, 0, 28, 28)


@settings(max_examples=40)
@given(st.sampled_from(ARCHITECTURES), st.data())
def test_weighted_sum_is_the_value_of_the_layer(architecture: str, data: st.DataObject) -> None:
    network = network_of(architecture)
    activations = network.activations(IMAGE[np.newaxis])
    weighted_layers = [index for index, layer in enumerate(network.layers) if hasattr(layer, "kernel")]
    layer = data.draw(st.sampled_from(weighted_layers))
    *sides, channels = network.layers[layer].output_shape
    row, column = data.draw(st.integers(0, (sides or [1])[0] - 1)), data.draw(st.integers(0, (sides or [1])[0] - 1))
    channel = data.draw(st.integers(0, channels - 1))

    found = weighted_sum(network, IMAGE, activations, layer, (row, column), channel)

    values = activations[layer][0]
    assert found.total == pytest.approx(float(values[row, column, channel] if sides else values[channel]), abs=1e-4)
    assert found.channel_sums.sum() + found.bias == pytest.approx(found.total, abs=1e-4)


def test_layer_without_weights_has_no_sum() -> None:
    network = network_of("original")
    activations = network.activations(IMAGE[np.newaxis])

    with pytest.raises(ValueError, match="ReLU after convolution 1"):
        weighted_sum(network, IMAGE, activations, 1, (0, 0), 0)


@settings(max_examples=40)
@given(st.sampled_from(ARCHITECTURES), st.data())
def test_value_of_a_weightless_layer_comes_from_its_source(architecture: str, data: st.DataObject) -> None:
    network = network_of(architecture)
    activations = network.activations(IMAGE[np.newaxis])
    kinds = ("relu", "pooling", "normalisation")
    layer = data.draw(st.sampled_from([index for index, each in enumerate(network.layers) if each.kind in kinds]))
    *sides, channels = network.layers[layer].output_shape
    place = tuple(data.draw(st.integers(0, side - 1)) for side in sides) or (0, 0)
    channel = data.draw(st.integers(0, channels - 1))

    source, (row, column) = find_source(network, activations, layer, place, channel)

    value = activations[source][0, row, column, channel] if sides else activations[source][0, channel]
    for step in network.layers[source + 1 : layer + 1]:
        if isinstance(step, ReLU):
            value = max(value, 0)
        elif isinstance(step, Normalisation):
            value = value * step.scale[channel] + step.offset[channel]
    expected = activations[layer][0][(*place, channel) if sides else channel]
    assert value == pytest.approx(float(expected), abs=1e-5)
    assert network.layers[source].kind in ("convolution", "depthwise", "dense")


def test_accuracy_falls_if_all_channels_of_a_layer_are_off() -> None:
    network, rng = load_network(Bundle(SHIPPED_BUNDLE)), np.random.default_rng(3)
    images = rng.integers(0, 256, (300, 28, 28), np.uint8)
    labels = network.probabilities(images).argmax(axis=1)

    assert accuracy_without(network, images, labels, {}) == 1
    assert accuracy_without(network, images, labels, {1: range(24)}) < 0.9
