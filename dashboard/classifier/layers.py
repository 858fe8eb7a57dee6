"""A network's layers, first-layer filters and training details, as tables and pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.classifier.bundle import Card
from core.config import flatten_settings
from core.ink.drawing import Pixels
from dashboard.parts.metric_tiles import trained_epochs
from dashboard.session.markdown import plain
from dashboard.training.wording import SETTINGS, display_value

_NEGATIVE_COLOUR = np.array((217, 101, 43), np.float32)
_ZERO_COLOUR = np.array((247, 247, 244), np.float32)
_POSITIVE_COLOUR = np.array((15, 118, 110), np.float32)

_PLAIN_WORDS = {
    "Conv2D": "looks for small patterns everywhere",
    "DepthwiseConv2D": "sums up the map of each pattern",
    "BatchNormalization": "brings values to a common scale",
    "ReLU": "keeps positive values only",
    "MaxPooling2D": "keeps the strongest of neighbours",
    "Flatten": "puts all values in one row",
    "Dropout": "drops values while training",
    "Dense": "weighs all values for each output",
}
"""The work of each kind of layer in plain words, short enough for a column of the table."""


def layer_table(card: Card) -> pd.DataFrame:
    """Return a row for each layer, from the image to the probabilities."""
    return pd.DataFrame(
        {
            "Layer": [layer.name for layer in card.layers],
            "Kind": [layer.kind for layer in card.layers],
            "In plain words": [_PLAIN_WORDS.get(layer.kind, "") for layer in card.layers],
            "Output shape": [" × ".join(str(size) for size in layer.output_shape) for layer in card.layers],
            "Parameters": [layer.parameters for layer in card.layers],
            "Multiply-adds": [layer.multiply_adds for layer in card.layers],
            "Activation": [layer.activation or "" for layer in card.layers],
        }
    )


def filter_pictures(kernels: np.ndarray) -> Pixels:
    """Turn kernels, float (height, width, channels, filters), into pictures, uint8 (filters, height, width, 3).

    Positive weights are teal, negative ones orange, and those near 0 white. Each filter is scaled by its own largest
    weight. Channels are averaged.
    """
    weights = np.moveaxis(kernels.mean(axis=2), -1, 0)
    largest = np.abs(weights).max(axis=(1, 2), keepdims=True)
    scaled = (weights / np.maximum(largest, np.finfo(np.float32).tiny))[..., np.newaxis]
    positive = scaled * (_POSITIVE_COLOUR - _ZERO_COLOUR)
    negative = -scaled * (_NEGATIVE_COLOUR - _ZERO_COLOUR)
    colours = _ZERO_COLOUR + np.where(scaled > 0, positive, negative)
    return colours.round().astype(np.uint8)


def training_facts(card: Card) -> dict[str, str]:
    """Return the model's data, and the date and duration of its training."""
    data, metrics = card.data, card.metrics
    kept_model = (
        f"the model from epoch {metrics.best_epoch} is kept"
        if card.config.patience
        else "the model from the last epoch is kept"
    )
    return {
        "Data": plain(data.title),
        "Images": f"{data.train_images:,} for training, {data.validation_images:,} for validation, "
        f"{data.test_images:,} for testing",
        "Pen digits": _pen_digits_fact(card),
        "Data fingerprint": plain(data.fingerprint[:16]),
        "Trained": f"{card.created:%d %B %Y, %H:%M %Z}",
        "Duration": f"{card.seconds:,.0f} s for {trained_epochs(metrics)}; {kept_model}",
        "Run": plain(card.run_id),
    }


def _pen_digits_fact(card: Card) -> str:
    pen_digits = card.data.pen_digits
    if pen_digits:
        return f"{pen_digits.digits:,} by {pen_digits.writers} writers. Source: {plain(pen_digits.source)}"
    if card.config.pen_digits:
        return "none; they were not on the machine that trained this model"
    return "none"


def setting_facts(card: Card) -> dict[str, str]:
    """Return the model's settings, for a table that renders Markdown."""
    return {
        SETTINGS[name].label: plain(display_value(name, value)) for name, value in flatten_settings(card.config).items()
    }


def version_facts(card: Card) -> dict[str, str]:
    """Return the versions of the software that trained the model, for a table that renders Markdown."""
    return {plain(name): plain(version) for name, version in card.versions.items()}
