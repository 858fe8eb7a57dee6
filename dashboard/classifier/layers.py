"""The layers of a network, its first filters, and how it was trained, as tables and pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.classifier.bundle import Card
from core.config import flattened
from core.ink.drawing import Pixels
from dashboard.parts.units import in_epochs
from dashboard.session.markdown import plain
from dashboard.training.wording import SETTINGS, in_words

_AGAINST, _NEUTRAL, _FOR = (
    np.array(colour, np.float32) for colour in ((217, 101, 43), (247, 247, 244), (15, 118, 110))
)


def layer_table(card: Card) -> pd.DataFrame:
    """Return a row for each layer, from the image to the probabilities."""
    return pd.DataFrame(
        {
            "Layer": [layer.name for layer in card.layers],
            "Kind": [layer.kind for layer in card.layers],
            "Output shape": [" × ".join(str(side) for side in layer.output_shape) for layer in card.layers],
            "Activation": [layer.activation or "" for layer in card.layers],
            "Parameters": [layer.parameters for layer in card.layers],
            "Multiply-adds": [layer.multiply_adds for layer in card.layers],
        }
    )


def filter_pictures(kernels: np.ndarray) -> Pixels:
    """Turn kernels, float (height, width, channels, filters), into pictures, uint8 (filters, height, width, 3).

    Weights above 0 are teal, below 0 orange, near 0 white; each filter is scaled by its own largest weight. Several
    channels are averaged.
    """
    weights = np.moveaxis(kernels.mean(axis=2), -1, 0)
    largest = np.abs(weights).max(axis=(1, 2), keepdims=True)
    shares = (weights / np.maximum(largest, np.finfo(np.float32).tiny))[..., np.newaxis]
    colours = _NEUTRAL + np.where(shares > 0, shares * (_FOR - _NEUTRAL), -shares * (_AGAINST - _NEUTRAL))
    return colours.round().astype(np.uint8)


def training_facts(card: Card) -> dict[str, str]:
    """Return the data, the time and the length of its training."""
    data, metrics = card.data, card.metrics
    kept = f"epoch {metrics.best_epoch} is kept" if card.config.patience else "the last epoch is kept"
    return {
        "Data": plain(data.title),
        "Images": f"{data.train_images:,} for training, {data.validation_images:,} for validation, "
        f"{data.test_images:,} for testing",
        "Fingerprint of the data": plain(data.fingerprint[:16]),
        "Trained": f"{card.created:%d %B %Y, %H:%M %Z}",
        "Time": f"{card.seconds:,.0f} s for {in_epochs(metrics.epochs)}; {kept}",
        "Run": plain(card.run_id),
    }


def setting_facts(card: Card) -> dict[str, str]:
    """Return the settings of its training, for a table that reads Markdown."""
    return {SETTINGS[name].label: plain(in_words(name, value)) for name, value in flattened(card.config).items()}


def version_facts(card: Card) -> dict[str, str]:
    """Return the versions of the software that it was made with, for a table that reads Markdown."""
    return {plain(name): plain(version) for name, version in card.versions.items()}
