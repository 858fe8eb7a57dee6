"""Single values of feature maps: the pixels and the weighted sum behind them, and predictions without a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.explain.layers import Convolution, Dense, DepthwiseConvolution, Flatten, MaxPooling, Softmax
from core.explain.numpy_network import Channels, NumpyNetwork, as_inputs
from core.ink.drawing import IMAGE_SIZE

Box = tuple[int, int, int, int]
"""Top, left, bottom, right in pixels of the image; bottom and right are exclusive."""

_BATCH_SIZE = 256
"""Images in one forward pass; the patches of the shipped network's largest layer then take 30 MB."""


def receptive_field(network: NumpyNetwork, layer: int, row: int, column: int) -> Box:
    """Return the box of the image that one value of a layer depends on, without padding.

    `row` and `column` are ignored from the flattening on, where every value depends on the complete image.
    """
    whole = (0, 0, IMAGE_SIZE, IMAGE_SIZE)
    top, left, bottom, right = row, column, row + 1, column + 1
    for index in range(layer, -1, -1):
        step = network.layers[index]
        if isinstance(step, Flatten | Dense | Softmax):
            return whole
        if isinstance(step, Convolution | DepthwiseConvolution | MaxPooling):
            side = network.layers[index - 1].output_shape[0] if index else IMAGE_SIZE
            top, bottom = step.window.reach(top, bottom, side)
            left, right = step.window.reach(left, right, side)
    return top, left, bottom, right


@dataclass(frozen=True)
class WeightedSum:
    """One value of a layer before its activation function: the sum of `patch` * `weights`, plus `bias`.

    `patch`, `weights`: float32 (side, side, channels) for a convolution; (side, side, 1) for a depthwise convolution,
    which sees one channel; (inputs,) for a dense layer. Pixels of the padding are 0.
    """

    patch: np.ndarray
    weights: np.ndarray
    bias: float

    @property
    def products(self) -> np.ndarray:
        """The summands, with the shape of `patch`."""
        products: np.ndarray = self.patch * self.weights
        return products

    @property
    def channel_sums(self) -> np.ndarray:
        """The part of each input channel in the sum, float32 (channels,); for a dense layer, of each input."""
        products = self.products
        return products if products.ndim == 1 else products.sum(axis=(0, 1))

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
        return WeightedSum(inputs[0], step.kernel[:, channel], float(step.bias[channel]))
    if not isinstance(step, Convolution | DepthwiseConvolution):
        raise ValueError(f"Expected a layer with weights. Received: {step.title}.")
    side, stride = step.window.side, step.window.stride
    top, left = place[0] * stride, place[1] * stride
    patch = step.window.pad(inputs)[0, top : top + side, left : left + side]
    if isinstance(step, DepthwiseConvolution):
        return WeightedSum(
            patch[..., channel, np.newaxis], step.kernel[..., channel, np.newaxis], float(step.bias[channel])
        )
    return WeightedSum(patch, step.kernel[..., channel], float(step.bias[channel]))


def block_end(network: NumpyNetwork, layer: int) -> int:
    """Return the index of the last layer before the next one with weights, or of the layer itself.

    A channel that is switched off there contributes nothing to later layers. Before the end of its block, a
    normalisation would replace its zeros by a constant.
    """
    end = layer
    for index in range(layer + 1, len(network.layers)):
        if network.layers[index].kind not in ("relu", "pooling", "normalisation"):
            break
        end = index
    return end


def accuracy_without(network: NumpyNetwork, images: np.ndarray, labels: np.ndarray, off: Channels) -> float:
    """Return the accuracy, 0..1, with some channels switched off; for images uint8 (n, 28, 28) and labels (n,)."""
    correct = 0
    for start in range(0, len(images), _BATCH_SIZE):
        chosen = slice(start, start + _BATCH_SIZE)
        predictions = network.probabilities(images[chosen], off).argmax(axis=1)
        correct += int((predictions == labels[chosen]).sum())
    return correct / len(images)
