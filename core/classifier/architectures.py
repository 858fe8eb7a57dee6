"""Network architectures: build an untrained Keras model from a ModelConfig."""

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


def _build_original(config: ModelConfig) -> keras.Model:
    """Build the notebook's network: convolutions with ReLU, each followed by max pooling, then dense layers."""
    stack: list[layers.Layer] = []
    for filters in config.filters:
        stack += [layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D()]
    return _add_head([*stack, layers.Flatten()], config)


def _build_pooled(config: ModelConfig) -> keras.Model:
    """Build a variant of `original` that pools before normalisation and activation, which then cost a quarter."""
    stack: list[layers.Layer] = []
    for filters in config.filters:
        stack += [_convolution(filters), layers.MaxPooling2D(), _normalisation(), layers.ReLU()]
    return _add_head([*stack, layers.Flatten()], config)


def _build_deep(config: ModelConfig) -> keras.Model:
    """Build a network with one convolution in the first block, two in each later block, and a final weighted mean.

    Pooling before normalisation and activation halves the size between blocks. A block's first convolution is as wide
    as the previous block. The mean of each feature map is a global depthwise convolution (Chen et al., MobileFaceNets,
    2018), because a plain mean would lose the position of a line, which distinguishes a 4 from a 9.
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
    return _add_head([*stack, *_weighted_mean(side)], config)


def _build_strided(config: ModelConfig) -> keras.Model:
    """Build a variant of `deep` at less than half its cost, with strides of two rather than pooling.

    The first convolution (5x5 pixels) and the last one of the second block have a stride of two. One convolution in
    each later block has no padding, because the margins of an image are nearly empty.
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
    return _add_head([*stack, *_weighted_mean(side)], config)


def _weighted_mean(side: int) -> list[layers.Layer]:
    """Return layers that reduce each `side` x `side` map to one number, with a learned weight for each position."""
    return [layers.DepthwiseConv2D(side, use_bias=False), _normalisation(), layers.Flatten()]


def _convolution(filters: int, size: int = 3, strides: int = 1, padding: str = "same") -> layers.Layer:
    return layers.Conv2D(filters, size, strides, padding, use_bias=False)


def _normalisation() -> layers.Layer:
    # Average over about ten steps, because a run of one epoch has only a few hundred steps.
    return layers.BatchNormalization(momentum=0.9)


def _add_head(stack: list[layers.Layer], config: ModelConfig) -> keras.Model:
    head: list[layers.Layer] = []
    if config.dense_units:
        head.append(layers.Dense(config.dense_units, activation="relu"))
    if config.dropout:
        head.append(layers.Dropout(config.dropout))
    head.append(layers.Dense(CLASSES, activation="softmax"))
    return keras.Sequential([layers.Input(INPUT_SHAPE), *stack, *head])


_BUILDERS: dict[str, Callable[[ModelConfig], keras.Model]] = {
    "original": _build_original,
    "pooled": _build_pooled,
    "deep": _build_deep,
    "strided": _build_strided,
}
