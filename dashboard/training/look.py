"""The look of learning curves: horizontal axis, smoothing, scale and first epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Measure = Literal["loss", "accuracy", "error"]
MEASURES: tuple[Measure, ...] = ("loss", "accuracy")
TITLES: dict[Measure, str] = {"loss": "Loss", "accuracy": "Accuracy", "error": "Error (1 − accuracy)"}
Axis = Literal["epoch", "step", "seconds"]
AXES: dict[Axis, str] = {"epoch": "Epochs", "step": "Steps", "seconds": "Seconds"}


@dataclass(frozen=True)
class Look:
    """The horizontal axis, the smoothing (0..0.99), a logarithmic scale or not, and the first epoch that is shown."""

    axis: Axis = "epoch"
    smoothing: float = 0.0
    logarithmic: bool = False
    first: float = 0.0

    @property
    def measures(self) -> tuple[Measure, Measure]:
        """The two measures; on a logarithmic scale the error, as accuracies near 1 would all lie on one line."""
        return ("loss", "error") if self.logarithmic else ("loss", "accuracy")
