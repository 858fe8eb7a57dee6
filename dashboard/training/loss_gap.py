"""A sentence that explains why the training loss lies above the validation loss."""

from __future__ import annotations

import pandas as pd

from core.config import AugmentationConfig, TrainingConfig
from core.language import tr

MIN_GAP = 1.1
"""Ratio of training loss to validation loss above which the sentence is shown; below it, the curves nearly touch."""


def explain_loss_gap(steps: pd.DataFrame, config: TrainingConfig) -> str | None:
    """Return the sentence, or None if the training loss is not clearly higher or no setting raises it.

    `steps`: the run's table of steps; the last row with a validation loss counts.
    """
    measured = steps.dropna(subset=["loss", "val_loss"])
    reasons = _reasons(config)
    if not reasons or measured.empty:
        return None
    last = measured.iloc[-1]
    if last["loss"] < MIN_GAP * last["val_loss"]:
        return None
    *others, final = reasons
    names = tr("{others} and {last}", others=", ".join(others), last=final) if others else final
    return tr("The training loss lies above the validation loss because only training uses {names}.", names=names)


def _reasons(config: TrainingConfig) -> list[str]:
    """Return the names of the settings that make training harder than validation."""
    reasons = {
        tr("label smoothing"): config.label_smoothing > 0,
        tr("augmentation"): config.augmentation != AugmentationConfig(),
        tr("dropout"): config.model.dropout > 0,
        tr("synthetic digits"): config.synthetic_digits > 0,
        tr("redrawn digits"): config.redrawn_digits > 0,
        tr("pen digits"): config.pen_digits > 0,
        tr("teachers' predictions"): config.teachers > 0,
    }
    return [name for name, used in reasons.items() if used]
