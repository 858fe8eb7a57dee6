"""The figures of a run: their columns in the table, their orders and their axes in charts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.runs.summary import Summary
from dashboard.training.wording import REDRAWN_ACCURACY

REDRAWN_COLUMN = "Redrawn"


@dataclass(frozen=True)
class Figure:
    """One figure of a run, None if it was not measured.

    `column`: heading in the table; `order`: name of the order by it, largest first unless `least_first`;
    `share`: a share of images, 0..1.
    """

    value: Callable[[Summary], float | None]
    column: str
    order: str
    share: bool = False
    least_first: bool = False

    @property
    def factor(self) -> int:
        """Factor for display: shares are shown in percent."""
        return 100 if self.share else 1

    def place(self, row: Summary) -> tuple[bool, float]:
        """Sort key; runs without the figure come last."""
        value = self.value(row)
        return value is None, 0.0 if value is None else value if self.least_first else -value


FIGURES: dict[str, Figure] = {
    "Test accuracy": Figure(lambda row: row.accuracy, "Test accuracy", "Test accuracy", share=True),
    "Validation accuracy": Figure(lambda row: row.validation_accuracy, "Validation", "Validation accuracy", share=True),
    REDRAWN_ACCURACY: Figure(lambda row: row.drawings, REDRAWN_COLUMN, REDRAWN_ACCURACY, share=True),
    "Parameters": Figure(lambda row: row.parameters, "Parameters", "Fewest parameters", least_first=True),
    "Training seconds": Figure(lambda row: row.seconds or None, "Seconds", "Shortest training", least_first=True),
}
