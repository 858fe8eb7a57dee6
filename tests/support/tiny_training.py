"""A training that takes few seconds."""

from __future__ import annotations

from core.config import TrainingConfig, changed, preset


def tiny_config(**values: object) -> TrainingConfig:
    """Return the settings of a training of a few seconds on scikit-learn's digits."""
    small = {"dataset": "digits", "epochs": 1, "filters": (8, 8), "dense_units": 16, "learning_rate": 0.01}
    return changed(preset("original"), **{**small, **values})
