"""The layers of our networks in NumPy, each with a forward and a backward pass.

Arrays are float32 and channels-last, as in Keras: a feature map is (n, height, width, channels).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["convolution", "depthwise", "normalisation", "relu", "pooling", "flatten", "dense", "softmax"]

Margins = tuple[int, int]
"""Rows or columns of zeros that are added before and after an input."""


@dataclass(frozen=True)
class Window:
    """The square window of a convolution or pooling layer: its side, its stride, and the padding on every side.

    `margins`: rows added at the top and bottom, and columns added on the left and right; inputs are square.
    """

    side: int
    stride: int
    margins: Margins = (0, 0)

    def output_side(self, side: int) -> int:
        """Return the side of the output for an input of `side` pixels."""
        return (side + sum(self.margins) - self.side) // self.stride + 1

    def reach(self, start: int, end: int, side: int) -> tuple[int, int]:
        """Return the range of input rows that output rows `start` to `end` depend on, for an input of `side` rows."""
        before = self.margins[0]
        return max(start * self.stride - before, 0), min((end - 1) * self.stride - before + self.side, side)

    def pad(self, inputs: np.ndarray) -> np.ndarray:
        """Add the margins to (n, side, side, channels)."""
        if not any(self.margins):
            return inputs
        count, side, _, channels = inputs.shape
        padded = np.zeros((count, side + sum(self.margins), side + sum(self.margins), channels), inputs.dtype)
        self.unpad(padded)[:] = inputs
        return padded

    def unpad(self, padded: np.ndarray) -> np.ndarray:
        """Remove the margins from (n, side, side, channels)."""
        before, after = self.margins
        return padded[:, before : padded.shape[1] - after, before : padded.shape[2] - after]

    def slices(self, outputs: int) -> list[tuple[int, int, slice, slice]]:
        """Return, for each position in the window, the pixels of a padded input that it covers across all outputs."""
        reach = (outputs - 1) * self.stride + 1
        return [
            (row, column, slice(row, row + reach, self.stride), slice(column, column + reach, self.stride))
            for row in range(self.side)
            for column in range(self.side)
        ]


def same_margins(side: int, window: int, stride: int) -> Margins:
    """Return the margins of TensorFlow's "same" padding, which puts an extra row or column at the end."""
    outputs = -(-side // stride)
    total = max((outputs - 1) * stride + window - side, 0)
    return total // 2, total - total // 2


@dataclass(frozen=True)
class Layer:
    """One layer. `title`: its human-readable name. `output_shape` has no batch dimension."""

    kind: Kind
    title: str
    output_shape: tuple[int, ...]

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        """Return the outputs for a batch of inputs."""
        raise NotImplementedError

    def backward(self, gradient: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """Return the gradient with respect to the inputs, given the gradient with respect to the outputs."""
        raise NotImplementedError


@dataclass(frozen=True)
class Convolution(Layer):
    """A convolution with its batch normalisation folded in: `kernel` (side, side, inputs, filters), `bias` (filters,).

    The folded weights give the same outputs as the two layers that they replace.
    """

    window: Window
    kernel: np.ndarray
    bias: np.ndarray

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        padded, outputs = self.window.pad(inputs), self.output_shape[0]
        side, channels = self.window.side, inputs.shape[-1]
        patches = np.empty((len(inputs), outputs, outputs, side, side, channels), np.float32)
        for row, column, rows, columns in self.window.slices(outputs):
            patches[:, :, :, row, column] = padded[:, rows, columns]
        sums = patches.reshape(-1, side * side * channels) @ self.kernel.reshape(-1, self.kernel.shape[-1])
        sums += self.bias
        return sums.reshape(len(inputs), *self.output_shape)

    def backward(self, gradient: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        flat = gradient.reshape(-1, self.kernel.shape[-1])
        patches = flat @ self.kernel.reshape(-1, self.kernel.shape[-1]).T
        patches = patches.reshape(*gradient.shape[:3], *self.kernel.shape[:3])
        padded = np.zeros_like(self.window.pad(inputs))
        for row, column, rows, columns in self.window.slices(self.output_shape[0]):
            padded[:, rows, columns] += patches[:, :, :, row, column]
        return self.window.unpad(padded)


@dataclass(frozen=True)
class DepthwiseConvolution(Layer):
    """A convolution that filters each channel on its own: `kernel` (side, side, channels), `bias` (channels,)."""

    window: Window
    kernel: np.ndarray
    bias: np.ndarray

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        padded = self.window.pad(inputs)
        sums = np.tile(self.bias, (len(inputs), *self.output_shape[:2], 1))
        for row, column, rows, columns in self.window.slices(self.output_shape[0]):
            sums += padded[:, rows, columns] * self.kernel[row, column]
        return sums

    def backward(self, gradient: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        padded = np.zeros_like(self.window.pad(inputs))
        for row, column, rows, columns in self.window.slices(self.output_shape[0]):
            padded[:, rows, columns] += gradient * self.kernel[row, column]
        return self.window.unpad(padded)


@dataclass(frozen=True)
class MaxPooling(Layer):
    """The largest value in each window, without padding."""

    window: Window

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        maxima: np.ndarray = np.maximum.reduce(self._candidates(inputs))
        return maxima

    def backward(self, gradient: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        # TensorFlow passes the gradient of equal values to the first of them.
        first = np.argmax(np.stack(self._candidates(inputs)), axis=0)
        input_gradient = np.zeros_like(inputs)
        for index, (_, _, rows, columns) in enumerate(self.window.slices(self.output_shape[0])):
            input_gradient[:, rows, columns] += np.where(first == index, gradient, np.float32(0))
        return input_gradient

    def _candidates(self, inputs: np.ndarray) -> list[np.ndarray]:
        return [inputs[:, rows, columns] for _, _, rows, columns in self.window.slices(self.output_shape[0])]


@dataclass(frozen=True)
class Normalisation(Layer):
    """A batch normalisation that cannot be folded, because pooling comes before it: `scale`, `offset` (channels,)."""

    scale: np.ndarray
    offset: np.ndarray

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        normalised: np.ndarray = inputs * self.scale + self.offset
        return normalised

    def backward(self, gradient: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        input_gradient: np.ndarray = gradient * self.scale
        return input_gradient


@dataclass(frozen=True)
class ReLU(Layer):
    """Negative values become 0."""

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        positive: np.ndarray = np.maximum(inputs, np.float32(0))
        return positive

    def backward(self, gradient: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        input_gradient: np.ndarray = gradient * (inputs > 0)
        return input_gradient


@dataclass(frozen=True)
class Flatten(Layer):
    """All values of an image in one row."""

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        return inputs.reshape(len(inputs), *self.output_shape)

    def backward(self, gradient: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        return gradient.reshape(inputs.shape)


@dataclass(frozen=True)
class Dense(Layer):
    """A weighted sum of all inputs for each unit: `kernel` (inputs, units), `bias` (units,)."""

    kernel: np.ndarray
    bias: np.ndarray

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        sums: np.ndarray = inputs @ self.kernel + self.bias
        return sums

    def backward(self, gradient: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        input_gradient: np.ndarray = gradient @ self.kernel.T
        return input_gradient


@dataclass(frozen=True)
class Softmax(Layer):
    """The softmax of the logits divided by `temperature` (Guo et al., 2017).

    It has no backward pass, because gradients start at the logits.
    """

    temperature: float

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        scaled = inputs / np.float32(self.temperature)
        exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        probabilities: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
        return probabilities
