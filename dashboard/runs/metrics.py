"""A run's metrics: table columns, sort orders and chart axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.runs.summary import Summary
from dashboard.training.wording import REDRAWN_ACCURACY

REDRAWN_COLUMN = "Redrawn digits"


@dataclass(frozen=True)
class Metric:
    """One metric of a run.

    `value` returns the metric, or None if it was not measured. `column` is its column header. `sort_label` is the
    name of its sort order, which puts the largest value first unless `ascending`. `is_fraction` is True if the
    metric is a fraction of images, 0..1.
    """

    value: Callable[[Summary], float | None]
    column: str
    sort_label: str
    is_fraction: bool = False
    ascending: bool = False

    @property
    def display_factor(self) -> int:
        """Factor for display: fractions are shown in percent."""
        return 100 if self.is_fraction else 1

    def sort_key(self, row: Summary) -> tuple[bool, float]:
        """Return the sort key of a run; runs without this metric come last."""
        value = self.value(row)
        if value is None:
            return True, 0.0
        return False, value if self.ascending else -value


METRICS: dict[str, Metric] = {
    "Test accuracy": Metric(lambda row: row.accuracy, "Test accuracy", "Test accuracy", is_fraction=True),
    "Validation accuracy": Metric(
        lambda row: row.validation_accuracy, "Validation", "Validation accuracy", is_fraction=True
    ),
    REDRAWN_ACCURACY: Metric(lambda row: row.drawings, REDRAWN_COLUMN, REDRAWN_ACCURACY, is_fraction=True),
    "Parameters": Metric(lambda row: row.parameters, "Parameters", "Fewest parameters", ascending=True),
    "Training seconds": Metric(lambda row: row.seconds or None, "Seconds", "Shortest training", ascending=True),
}
