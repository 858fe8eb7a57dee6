"""The resource by which unfinished trials are compared, to prune hopeless ones: epochs, or ninths of a short run."""

from __future__ import annotations

import math

import pandas as pd

from core.training.live_curve import VALIDATION_IMAGES

_VALIDATION_IMAGES = {"mnist": 6000, "digits": 144}
"""Number of images in each dataset's validation split."""
_CLEAR_ERRORS = 2.0
"""Number of standard errors by which an accuracy is clearly worse than another."""

MIN_RESOURCE = 9
"""Minimum number of units in a run, so that Hyperband has rungs at one ninth and one third of it."""


def max_resource(epochs: int) -> int:
    """Return the number of units in a run: its epochs, or ninths if it has fewer than MIN_RESOURCE epochs."""
    return max(epochs, MIN_RESOURCE)


def measured_images(epochs: int, dataset: str) -> int:
    """Return the number of images on which the values of `reached_values` are measured."""
    images = _VALIDATION_IMAGES[dataset]
    return images if epochs >= MIN_RESOURCE else min(images, VALIDATION_IMAGES)


def is_clearly_worse(accuracy: float, best: float, images: int) -> bool:
    """Return True if an accuracy is worse than the best one by more than chance explains on this number of images."""
    error = math.sqrt((accuracy * (1 - accuracy) + best * (1 - best)) / images)
    return accuracy < best - _CLEAR_ERRORS * error


def reached_values(history: pd.DataFrame, steps: pd.DataFrame, epochs: int, steps_per_epoch: int) -> dict[int, float]:
    """Return the validation accuracy of a run at each unit of the resource that it has reached, counted from 1.

    `history`, `steps`: the run's tables. With enough epochs, a unit is an epoch and its value is measured on all
    validation images. A shorter run is divided into ninths; a value is then the first one that the live curve has
    at or after the unit's end, measured on 500 validation images, which are the same for all trials. The last unit has
    no value, because the run's result follows.
    """
    if epochs >= MIN_RESOURCE:
        return {int(epoch): value for epoch, value in _measured(history, "epoch") if epoch < epochs}
    if not steps_per_epoch:
        return {}
    values: dict[int, float] = {}
    for step, value in _measured(steps, "step"):
        unit = min(int(step) * MIN_RESOURCE // (epochs * steps_per_epoch), MIN_RESOURCE - 1)
        for reached_unit in range(max(values, default=0) + 1, unit + 1):
            values[reached_unit] = value
    return values


def _measured(table: pd.DataFrame, position: str) -> list[tuple[float, float]]:
    """Return the position and the validation accuracy of each row that has one."""
    rows = table.dropna(subset=["val_accuracy"])
    return list(zip(rows[position].astype(float), rows["val_accuracy"].astype(float), strict=True))
