"""A run's metrics: table columns, sort orders and chart axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.language import Message
from core.runs.summary import Summary
from dashboard.training.wording import REDRAWN_ACCURACY

REDRAWN_COLUMN = Message("Redrawn digits")


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


_TEST_ACCURACY, _VALIDATION_ACCURACY = Message("Test accuracy"), Message("Validation accuracy")
_PARAMETERS = Message("Parameters")

METRICS: dict[str, Metric] = {
    _TEST_ACCURACY: Metric(lambda row: row.accuracy, _TEST_ACCURACY, _TEST_ACCURACY, is_fraction=True),
    _VALIDATION_ACCURACY: Metric(
        lambda row: row.validation_accuracy, Message("Validation"), _VALIDATION_ACCURACY, is_fraction=True
    ),
    REDRAWN_ACCURACY: Metric(lambda row: row.drawings, REDRAWN_COLUMN, REDRAWN_ACCURACY, is_fraction=True),
    _PARAMETERS: Metric(lambda row: row.parameters, _PARAMETERS, Message("Fewest parameters"), ascending=True),
    Message("Training seconds"): Metric(
        lambda row: row.seconds or None, Message("Seconds"), Message("Shortest training"), ascending=True
    ),
}
"""The metrics by their English names, which are also the values of options and URL parameters."""
