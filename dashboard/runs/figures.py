"""What was measured of each run: where it stands in the table of runs, orders it, or is drawn in a chart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.runs.summary import Summary


@dataclass(frozen=True)
class Figure:
    """One figure of a run, None where there is none.

    `column`: its heading in the table; `order`: what the order by it is called, greatest first or `least_first`;
    `share`: it is one of all images, 0..1.
    """

    value: Callable[[Summary], float | None]
    column: str
    order: str
    share: bool = False
    least_first: bool = False

    @property
    def factor(self) -> int:
        """By what it is multiplied for people: shares are shown in percent."""
        return 100 if self.share else 1

    def place(self, row: Summary) -> tuple[bool, float]:
        """Sorts runs by this figure; those without it come last."""
        value = self.value(row)
        return value is None, 0.0 if value is None else value if self.least_first else -value


FIGURES: dict[str, Figure] = {
    "Test accuracy": Figure(lambda row: row.accuracy, "Test accuracy", "Test accuracy", share=True),
    "Validation accuracy": Figure(lambda row: row.validation_accuracy, "Validation", "Validation accuracy", share=True),
    "Reading of drawings": Figure(lambda row: row.drawings, "As drawings", "Reading of drawings", share=True),
    "Parameters": Figure(lambda row: row.parameters, "Parameters", "Fewest parameters", least_first=True),
    "Seconds of training": Figure(lambda row: row.seconds or None, "Seconds", "Shortest training", least_first=True),
}
