"""Options for learning-curve charts: horizontal axis, smoothing, scale and first epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.language import Message

CurveMetric = Literal["loss", "accuracy", "error"]
CURVE_METRICS: tuple[CurveMetric, ...] = ("loss", "accuracy")
TITLES: dict[CurveMetric, Message] = {
    "loss": Message("Loss"),
    "accuracy": Message("Accuracy"),
    "error": Message("Error (1 − accuracy)"),
}
Axis = Literal["epoch", "step", "seconds"]
AXES: dict[Axis, Message] = {"epoch": Message("Epochs"), "step": Message("Steps"), "seconds": Message("Seconds")}


@dataclass(frozen=True)
class ChartOptions:
    """The horizontal axis, the smoothing weight (0..0.99), the vertical scale, and the first epoch to show."""

    axis: Axis = "epoch"
    smoothing: float = 0.0
    logarithmic: bool = False
    first_epoch: float = 0.0

    @property
    def metrics(self) -> tuple[CurveMetric, CurveMetric]:
        """Loss and accuracy, or loss and error on a logarithmic scale, where accuracies near 1 would look the same."""
        return ("loss", "error") if self.logarithmic else ("loss", "accuracy")
