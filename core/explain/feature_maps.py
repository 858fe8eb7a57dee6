"""Single values of feature maps: the pixels and the weighted sum behind them, and the accuracy without a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.explain.layers import (
    Convolution,
    Dense,
    DepthwiseConvolution,
    Flatten,
    MaxPooling,
    Normalisation,
    ReLU,
    Softmax,
)
from core.explain.numpy_network import Channels, NumpyNetwork, as_inputs
from core.ink.drawing import IMAGE_SIZE

Box = tuple[int, int, int, int]
"""Top, left, bottom, right in pixels of the image; bottom and right are exclusive."""


def receptive_field(network: NumpyNetwork, layer: int, row: int, column: int) -> Box:
    """Return the box of the image that one value of a layer depends on, excluding padding.

    From the flatten layer on, every value depends on the complete image, and `row` and `column` are ignored.
    """
    whole_image = (0, 0, IMAGE_SIZE, IMAGE_SIZE)
    top, left, bottom, right = row, column, row + 1, column + 1
    for index in range(layer, -1, -1):
        step = network.layers[index]
        if isinstance(step, Flatten | Dense | Softmax):
            return whole_image
        if isinstance(step, Convolution | DepthwiseConvolution | MaxPooling):
            side = network.layers[index - 1].output_shape[0] if index else IMAGE_SIZE
            top, bottom = step.window.reach(top, bottom, side)
            left, right = step.window.reach(left, right, side)
    return top, left, bottom, right


@dataclass(frozen=True)
class WeightedSum:
    """One value of a layer before its activation function: the sum of `patch` * `weights`, plus `bias`.

    `patch`, `weights`: float32 (side, side, channels), which are complete maps for a dense layer; (side, side, 1) for a
    depthwise convolution, which sees one channel; (1, 1, units) for a dense layer after another one. Padding is 0.
    `first_channel`: index of the first of these channels in the previous layer.
    """

    patch: np.ndarray
    weights: np.ndarray
    bias: float
    first_channel: int = 0

    @property
    def products(self) -> np.ndarray:
        """The summands, with the shape of `patch`."""
        products: np.ndarray = self.patch * self.weights
        return products

    @property
    def channel_sums(self) -> np.ndarray:
        """The contribution of each input channel to the sum, float32 (channels,)."""
        sums: np.ndarray = self.products.sum(axis=(0, 1))
        return sums

    @property
    def total(self) -> float:
        """The value of the layer."""
        return float(self.products.sum() + self.bias)


def weighted_sum(
    network: NumpyNetwork,
    image: np.ndarray,
    activations: Sequence[np.ndarray],
    layer: int,
    place: tuple[int, int],
    channel: int,
) -> WeightedSum:
    """Return the sum behind one value of a convolution or dense layer.

    `image`: (28, 28). `activations`: the network's activations for this one image. `place`: row and column in the
    layer's output, ignored for a dense layer. Raises ValueError for a layer without weights.
    """
    step = network.layers[layer]
    inputs = activations[layer - 1] if layer else as_inputs(image[np.newaxis])
    if isinstance(step, Dense):
        flattened = layer > 0 and isinstance(network.layers[layer - 1], Flatten)
        shape = network.layers[layer - 2].output_shape if flattened else (1, 1, inputs.shape[-1])
        weights = step.kernel[:, channel]
        return WeightedSum(inputs.reshape(shape), weights.reshape(shape), float(step.bias[channel]))
    if not isinstance(step, Convolution | DepthwiseConvolution):
        raise ValueError(f"Expected a layer with weights. Received: {step.title}.")
    side, stride = step.window.side, step.window.stride
    top, left = place[0] * stride, place[1] * stride
    patch = step.window.pad(inputs)[0, top : top + side, left : left + side]
    bias = float(step.bias[channel])
    if isinstance(step, DepthwiseConvolution):
        own_channel = slice(channel, channel + 1)
        return WeightedSum(patch[..., own_channel], step.kernel[..., own_channel], bias, first_channel=channel)
    return WeightedSum(patch, step.kernel[..., channel], bias)


def find_source(
    network: NumpyNetwork, activations: Sequence[np.ndarray], layer: int, place: tuple[int, int], channel: int
) -> tuple[int, tuple[int, int]]:
    """Trace a value of a layer without weights back to its source: return that layer with weights, and the place in it.

    ReLU and normalisation keep the place; pooling takes the first of the largest values in its window. A layer
    with weights is its own source. `activations`: as for `weighted_sum`.
    """
    while isinstance(step := network.layers[layer], ReLU | Normalisation | MaxPooling):
        layer -= 1
        if isinstance(step, MaxPooling):
            top, left = place[0] * step.window.stride, place[1] * step.window.stride
            window = activations[layer][0, top : top + step.window.side, left : left + step.window.side, channel]
            row, column = np.unravel_index(window.argmax(), window.shape)
            place = top + int(row), left + int(column)
    return layer, place


def accuracy_without(network: NumpyNetwork, images: np.ndarray, labels: np.ndarray, off: Channels) -> float:
    """Return the accuracy, 0..1, with some channels switched off; for images uint8 (n, 28, 28) and labels (n,)."""
    predictions = network.probabilities(images, off).argmax(axis=1)
    return float((predictions == labels).mean())
