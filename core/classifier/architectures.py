"""The architectures of networks: a ModelConfig becomes an untrained Keras model."""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import layers

from core.config import ModelConfig
from core.data.datasets import CLASSES

INPUT_SHAPE = (28, 28, 1)
"""Shape of one image: MNIST's, with one channel."""


def build_model(config: ModelConfig) -> keras.Model:
    """Return an untrained classifier: float32 (n, 28, 28, 1) in 0..1 -> softmax probabilities (n, 10)."""
    return _BUILDERS[config.architecture](config)


def _original(config: ModelConfig) -> keras.Model:
    """Build the notebook's network: convolutions with ReLU, each followed by max pooling, then dense layers."""
    stack: list[layers.Layer] = []
    for filters in config.filters:
        stack += [layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D()]
    return _with_head([*stack, layers.Flatten()], config)


def _pooled(config: ModelConfig) -> keras.Model:
    """Build `original` with pooling before normalisation and activation, which then cost a quarter."""
    stack: list[layers.Layer] = []
    for filters in config.filters:
        stack += [_convolution(filters), layers.MaxPooling2D(), _normalisation(), layers.ReLU()]
    return _with_head([*stack, layers.Flatten()], config)


def _deep(config: ModelConfig) -> keras.Model:
    """Build one convolution in the first block, two in each other block, and a weighted mean of each feature map.

    Pooling before normalisation and activation halves the size between blocks. The first convolution of a block has the
    width of the block before. The mean is a global depthwise convolution (Chen et al., MobileFaceNets, 2018): the
    position of a line distinguishes a 4 from a 9, which a plain mean would lose.
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
    """Build a variant of `deep` at less than half of its cost, with strides of two instead of pooling.

    The first convolution, of 5x5 pixels, and the last of the second block have the strides. One convolution of each
    further block has no padding, as the margin of an image is nearly empty.
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
    """Return layers that reduce each map of `side` x `side` to one number, with a learned weight for each place."""
    return [layers.DepthwiseConv2D(side, use_bias=False), _normalisation(), layers.Flatten()]


def _convolution(filters: int, size: int = 3, strides: int = 1, padding: str = "same") -> layers.Layer:
    return layers.Conv2D(filters, size, strides, padding, use_bias=False)


def _normalisation() -> layers.Layer:
    # Averages over the last ten steps: a training of one epoch has only hundreds of steps.
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
