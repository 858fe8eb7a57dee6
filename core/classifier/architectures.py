"""The networks: a name and a ModelConfig become an untrained Keras model."""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import layers

from core.config import ModelConfig
from core.data.datasets import CLASSES

INPUT_SHAPE = (28, 28, 1)


def build_model(config: ModelConfig) -> keras.Model:
    """An untrained classifier: float32 (n, 28, 28, 1) in 0..1 -> softmax probabilities (n, 10)."""
    return _BUILDERS[config.architecture](config)


def _original(config: ModelConfig) -> keras.Model:
    """The notebook's network: convolutions with ReLU, each followed by max pooling, then dense layers."""
    stack: list[layers.Layer] = []
    for filters in config.filters:
        stack += [layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D()]
    return _with_head([*stack, layers.Flatten()], config)


def _pooled(config: ModelConfig) -> keras.Model:
    """Pooling before normalisation and activation: a quarter of their work for the same features."""
    stack: list[layers.Layer] = []
    for filters in config.filters:
        stack += [_convolution(filters), layers.MaxPooling2D(), _normalisation(), layers.ReLU()]
    return _with_head([*stack, layers.Flatten()], config)


def _deep(config: ModelConfig) -> keras.Model:
    """One convolution in the first block, where the image is largest, two in each other; then a mean of each map.

    Half the size between blocks, by pooling before normalisation and activation. A block first looks again at the
    width of the block before, then at its own. The mean is weighted, place by place, as the network learns: a global
    depthwise convolution (Chen et al., MobileFaceNets, 2018), for digits lie in the middle, and where a line lies tells
    a 4 from a 9.
    """
    stack: list[layers.Layer] = []
    for block, filters in enumerate(config.filters):
        if block:
            stack += [_convolution(config.filters[block - 1]), _normalisation(), layers.ReLU()]
        stack.append(_convolution(filters))
        if block < len(config.filters) - 1:
            stack.append(layers.MaxPooling2D())
        stack += [_normalisation(), layers.ReLU()]
    side = INPUT_SHAPE[0] // 2 ** (len(config.filters) - 1)
    return _with_head([*stack, *_weighted_mean(side)], config)


def _strided(config: ModelConfig) -> keras.Model:
    """Like `deep` at less than half of its cost: a stride of two computes nothing that pooling would drop afterwards.

    It stands in the first convolution, of 5x5 pixels, and in the second block's last. One convolution of each further
    block goes without padding, as the margin of an image is nearly empty.
    """
    stack: list[layers.Layer] = [_convolution(config.filters[0], 5, strides=2), _normalisation(), layers.ReLU()]
    side = INPUT_SHAPE[0] // 2
    if len(config.filters) > 1:
        first, second = config.filters[:2]
        stack += [_convolution(first, padding="valid"), _normalisation(), layers.ReLU()]
        stack += [_convolution(second, strides=2), _normalisation(), layers.ReLU()]
        side = (side - 2) // 2
    if len(config.filters) > 2:
        second, third = config.filters[1:]
        stack += [_convolution(second), _normalisation(), layers.ReLU()]
        stack += [_convolution(third, padding="valid"), _normalisation(), layers.ReLU()]
        side -= 2
    return _with_head([*stack, *_weighted_mean(side)], config)


def _weighted_mean(side: int) -> list[layers.Layer]:
    """One number of each map of so many places a side; the weight of each place is learned."""
    return [layers.DepthwiseConv2D(side, use_bias=False), _normalisation(), layers.Flatten()]


def _convolution(filters: int, size: int = 3, strides: int = 1, padding: str = "same") -> layers.Layer:
    return layers.Conv2D(filters, size, strides, padding, use_bias=False)


def _normalisation() -> layers.Layer:
    # Averages over the last tens of steps: a training of one epoch has only hundreds.
    return layers.BatchNormalization(momentum=0.9)


def _with_head(stack: list[layers.Layer], config: ModelConfig) -> keras.Model:
    head: list[layers.Layer] = []
    if config.dense_units:
        head.append(layers.Dense(config.dense_units, activation="relu"))
    if config.dropout:
        head.append(layers.Dropout(config.dropout))
    head.append(layers.Dense(CLASSES, activation="softmax"))
    return keras.Sequential([layers.Input(INPUT_SHAPE), *stack, *head])


_BUILDERS: dict[str, Callable[[ModelConfig], keras.Model]] = {
    "original": _original,
    "pooled": _pooled,
    "deep": _deep,
    "strided": _strided,
}
