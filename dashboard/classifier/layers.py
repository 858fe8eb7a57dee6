"""A network's layers, first-layer filters and training details, as tables and pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.classifier.bundle import Card
from core.config import flatten_settings
from core.ink.drawing import Pixels
from core.language import Message, ntr, tr
from dashboard.parts.dates import LONG, date_text
from dashboard.parts.metric_tiles import trained_epochs
from dashboard.session.markdown import plain
from dashboard.training.wording import SETTINGS, display_value

_NEGATIVE_COLOUR = np.array((217, 101, 43), np.float32)
_ZERO_COLOUR = np.array((247, 247, 244), np.float32)
_POSITIVE_COLOUR = np.array((15, 118, 110), np.float32)

_PLAIN_WORDS = {
    "Conv2D": Message("looks for small patterns everywhere"),
    "DepthwiseConv2D": Message("sums up the map of each pattern"),
    "BatchNormalization": Message("brings values to a common scale"),
    "ReLU": Message("keeps positive values only"),
    "MaxPooling2D": Message("keeps the strongest neighbour"),
    "Flatten": Message("puts all values in one row"),
    "Dropout": Message("drops values while training"),
    "Dense": Message("weighs all values for each output"),
}
"""The work of each kind of layer in plain words, short enough for a column of the table."""


def layer_table(card: Card) -> pd.DataFrame:
    """Return a row for each layer, from the image to the probabilities."""
    return pd.DataFrame(
        {
            "Layer": [layer.name for layer in card.layers],
            "Kind": [layer.kind for layer in card.layers],
            "In plain words": [tr(_PLAIN_WORDS.get(layer.kind, "")) for layer in card.layers],
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
    data = card.data
    return {
        tr("Data"): plain(tr(data.title)),
        tr("Images"): tr(
            "{train:,} for training, {validation:,} for validation, {test:,} for testing",
            train=data.train_images,
            validation=data.validation_images,
            test=data.test_images,
        ),
        tr("Pen digits"): _pen_digits_fact(card),
        tr("Data fingerprint"): plain(data.fingerprint[:16]),
        tr("Trained"): f"{date_text(card.created, LONG)} {card.created:%Z}",
        tr("Duration"): _duration_fact(card),
        tr("Run"): plain(card.run_id),
    }


def _duration_fact(card: Card) -> str:
    metrics = card.metrics
    if card.config.patience:
        return tr(
            "{seconds:,.0f} s for {epochs}; the model from epoch {epoch} is kept",
            seconds=card.seconds,
            epochs=trained_epochs(metrics),
            epoch=metrics.best_epoch,
        )
    return tr(
        "{seconds:,.0f} s for {epochs}; the model from the last epoch is kept",
        seconds=card.seconds,
        epochs=trained_epochs(metrics),
    )


def _pen_digits_fact(card: Card) -> str:
    pen_digits = card.data.pen_digits
    if pen_digits:
        return ntr(
            "{digits:,} by {count} writer. Source: {source}",
            "{digits:,} by {count} writers. Source: {source}",
            pen_digits.writers,
            digits=pen_digits.digits,
            source=plain(pen_digits.source),
        )
    if card.config.pen_digits:
        return tr("none; they were not on the machine that trained this model")
    return tr("none")


def setting_facts(card: Card) -> dict[str, str]:
    """Return the model's settings, for a table that renders Markdown."""
    return {
        tr(SETTINGS[name].label): plain(display_value(name, value))
        for name, value in flatten_settings(card.config).items()
    }


def version_facts(card: Card) -> dict[str, str]:
    """Return the versions of the software that trained the model, for a table that renders Markdown."""
    return {plain(name): plain(version) for name, version in card.versions.items()}
