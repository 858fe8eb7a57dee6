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
    return _with_head(stack, config)


def _pooled(config: ModelConfig) -> keras.Model:
    """Pooling before normalisation and activation: a quarter of their work for the same features."""
    stack: list[layers.Layer] = []
    for filters in config.filters:
        stack += [
            layers.Conv2D(filters, 3, padding="same", use_bias=False),
            layers.MaxPooling2D(),
            # Averages over the last tens of steps: a training of one epoch has only hundreds.
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
        ]
    return _with_head(stack, config)


def _with_head(stack: list[layers.Layer], config: ModelConfig) -> keras.Model:
    head: list[layers.Layer] = [layers.Flatten()]
    if config.dense_units:
        head.append(layers.Dense(config.dense_units, activation="relu"))
    if config.dropout:
        head.append(layers.Dropout(config.dropout))
    head.append(layers.Dense(CLASSES, activation="softmax"))
    return keras.Sequential([layers.Input(INPUT_SHAPE), *stack, *head])


_BUILDERS: dict[str, Callable[[ModelConfig], keras.Model]] = {"original": _original, "pooled": _pooled}
