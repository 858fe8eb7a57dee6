"""Tiny untrained networks of every architecture, whose batch normalisation looks trained."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import keras
import numpy as np

from core.classifier.architectures import build_model
from core.classifier.keras_file import save_portable
from core.config import ModelConfig

ARCHITECTURES = get_args(ModelConfig.model_fields["architecture"].annotation)


def random_model(architecture: str, filters: tuple[int, ...] = (3, 4, 5), dense_units: int = 0) -> keras.Model:
    """Return a network with random biases and batch-norm statistics, where Keras starts with 0 and 1."""
    config = ModelConfig(architecture=architecture, filters=filters, dense_units=dense_units, dropout=0.2)
    keras.utils.set_random_seed(len(filters) + dense_units)
    model, rng = build_model(config), np.random.default_rng(7)
    for layer in model.layers:
        weights = layer.get_weights()
        if isinstance(layer, keras.layers.BatchNormalization):
            # Negative factors, too: they distinguish max pooling before the normalisation from max pooling after it.
            scale = rng.uniform(0.5, 1.5, weights[0].shape) * rng.choice([-1, 1], weights[0].shape)
            variance = rng.uniform(0.01, 0.5, weights[0].shape)
            layer.set_weights([scale, *rng.normal(0, 0.3, (2, *weights[0].shape)), variance])
        elif len(weights) == 2:
            layer.set_weights([weights[0], rng.normal(0, 0.3, weights[1].shape)])
    return model


def save_random_model(folder: Path, architecture: str, **sizes: tuple[int, ...] | int) -> tuple[keras.Model, Path]:
    """Save a random network with `save_portable`; return it and its file."""
    model, path = random_model(architecture, **sizes), folder / "mnist_model.keras"
    save_portable(model, path)
    return model, path
