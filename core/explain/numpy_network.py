"""A trained network in NumPy: the activations of every layer, and gradients with respect to the image.

It computes the same function as the bundle's Keras and LiteRT files, without TensorFlow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from core.explain.layers import Layer, Softmax
from core.explain.target import Target, target_gradient

Channels = Mapping[int, Collection[int]]
"""Channels, keyed by the index of their layer."""

_BLOCK = 16
"""Images in one forward pass; with 256, the shipped model takes twice as long, because they exceed a CPU's cache."""


@dataclass(frozen=True, eq=False)  # equal only to itself, so that it can be a key of a cache
class NumpyNetwork:
    """The layers in order; the last is the softmax, and the one before it returns the logits.

    Images are (n, 28, 28): uint8 in 0..255, or float32 in 0..1. The softmax uses the bundle's temperature, so that
    probabilities are calibrated like those of `Predictor`. Instances are immutable and can be shared between threads.
    """

    layers: tuple[Layer, ...]

    @property
    def temperature(self) -> float:
        """The temperature that logits are divided by."""
        softmax = self.layers[-1]
        assert isinstance(softmax, Softmax)
        return softmax.temperature

    def activations(self, images: np.ndarray, off: Channels | None = None) -> list[np.ndarray]:
        """Return the output of every layer, float32 (n, *output_shape) each.

        `off`: channels whose output is replaced by 0, keyed by the index of their layer.
        """
        return list(self._outputs(images, off or {}))

    def hidden(self, images: np.ndarray) -> np.ndarray:
        """Return the inputs of the layer that returns the logits, float32 (n, d)."""
        return self._run(images, len(self.layers) - 2, {})

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Return the logits float32 (n, 10), before temperature scaling."""
        return self._run(images, len(self.layers) - 1, {})

    def probabilities(self, images: np.ndarray, off: Channels | None = None) -> np.ndarray:
        """Return calibrated probabilities float32 (n, 10); `off` as in `activations`."""
        return self._run(images, len(self.layers), off or {})

    def gradient(self, images: np.ndarray, digit: int, target: Target = "logit") -> np.ndarray:
        """Return the gradient of one digit's target with respect to each pixel in 0..1, float32 (n, 28, 28)."""
        gradients = []
        for block in _blocks(images):
            activations = self.activations(block)
            gradient = target_gradient(activations[-2], digit, target, self.temperature)
            gradients.append(self.backward(block, activations, gradient))
        return np.concatenate(gradients)

    def backward(self, images: np.ndarray, activations: Sequence[np.ndarray], gradient: np.ndarray) -> np.ndarray:
        """Return the gradient of a function of the logits with respect to each pixel, float32 (n, 28, 28).

        `gradient`: that function's gradient with respect to the logits, float32 (n, 10). `activations`: the result of
        `activations(images)`.
        """
        inputs = [as_inputs(images), *activations]
        for index in reversed(range(len(self.layers) - 1)):
            gradient = self.layers[index].backward(gradient, inputs[index])
        return gradient[..., 0]

    def block_end(self, layer: int) -> int:
        """Return the index of the last layer before the next one with weights, or of the layer itself.

        A channel that is switched off there contributes nothing to later layers. If it were switched off
        earlier in its block, a normalisation would replace its zeros with a constant.
        """
        end = layer
        for index in range(layer + 1, len(self.layers)):
            if self.layers[index].kind not in ("relu", "pooling", "normalisation"):
                break
            end = index
        return end

    def _run(self, images: np.ndarray, layers: int, off: Channels) -> np.ndarray:
        """Return the output of the last of the first `layers` layers."""
        return np.concatenate([_last(islice(self._outputs(block, off), layers)) for block in _blocks(images)])

    def _outputs(self, images: np.ndarray, off: Channels) -> Iterator[np.ndarray]:
        """Yield the output of each layer."""
        values = as_inputs(images)
        for index, layer in enumerate(self.layers):
            values = layer.forward(values)
            if index in off:
                values = values.copy()  # a flattened array shares its memory with the previous layer's output
                values[..., list(off[index])] = 0
            yield values


def _blocks(images: np.ndarray) -> list[np.ndarray]:
    """Return the images in blocks that a processor's cache can hold; without images, one empty block."""
    return [images[start : start + _BLOCK] for start in range(0, max(len(images), 1), _BLOCK)]


def _last(outputs: Iterator[np.ndarray]) -> np.ndarray:
    """Return the last output without keeping the others, which would take twice as long."""
    return deque(outputs, maxlen=1).pop()


def as_inputs(images: np.ndarray) -> np.ndarray:
    """Convert images (n, 28, 28), uint8 in 0..255 or floats in 0..1, to the network's input float32 (n, 28, 28, 1)."""
    values = images.astype(np.float32)
    return (values / np.float32(255) if images.dtype == np.uint8 else values)[..., np.newaxis]
