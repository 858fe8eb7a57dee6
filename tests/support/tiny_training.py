"""Settings of a training run that takes a few seconds."""

from __future__ import annotations

from core.config import TrainingConfig, preset, replace_settings

DETECTOR_FRACTION = 0.02
"""Value for detector_samples._MAX_FRACTION; fitting the novelty detector to few samples saves 1.4 s of CPU time.

The run of the fixture `trained` uses all samples.
"""


def tiny_config(**values: object) -> TrainingConfig:
    """Return the settings of a run that takes a few seconds, on scikit-learn's digits."""
    defaults = {"dataset": "digits", "epochs": 1, "filters": (8, 8), "dense_units": 16, "learning_rate": 0.01}
    return replace_settings(preset("original"), **{**defaults, **values})
