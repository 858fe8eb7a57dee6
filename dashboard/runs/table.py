"""The table of all runs: filters, order, and differences to the baseline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import pandas as pd

from core.config import PRESETS
from core.data.datasets import TITLES
from core.runs.label import told_apart
from core.runs.summary import Summary
from dashboard.runs.figures import FIGURES, Figure
from dashboard.training.wording import in_words

STATES = ("queued", "running", "finished", "stopped", "failed", "interrupted", "damaged")
PRESET_NAMES = tuple(PRESETS)
DATASET_NAMES = tuple(TITLES)
NEWEST = "Newest first"

ORDERS: dict[str, Callable[[Summary], tuple]] = {
    NEWEST: lambda row: (-row.created.timestamp(),),
    "Oldest first": lambda row: (row.created.timestamp(),),
    "Name": lambda row: (row.name.casefold(),),
    **{figure.order: figure.place for figure in FIGURES.values()},
}


@dataclass(frozen=True)
class Wanted:
    """A filter for runs: every word of `text` in the name, note, preset or data, and one of the `states`, `presets` and
    `datasets`. An empty filter matches all runs.
    """

    text: str = ""
    states: tuple[str, ...] = ()
    presets: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()

    def __call__(self, row: Summary) -> bool:
        data = f"{row.dataset} {in_words('dataset', row.dataset)}"
        words = f"{row.id} {row.label.name} {row.label.note} {row.preset} {data}".casefold()
        return (
            all(word in words for word in self.text.casefold().split())
            and (not self.states or state_word(row) in self.states)
            and (not self.presets or row.preset in self.presets)
            and (not self.datasets or row.dataset in self.datasets)
        )


def state_word(row: Summary) -> str:
    """Return the state of a run, "damaged" if it cannot be read."""
    return row.state or "damaged"


def listed(rows: Sequence[Summary], wanted: Wanted, order: str = NEWEST, baseline: str | None = None) -> list[Summary]:
    """Return the wanted runs in order; the baseline always comes first."""
    pinned = [row for row in rows if row.id == baseline]
    return pinned + sorted((row for row in rows if row.id != baseline and wanted(row)), key=ORDERS[order])


def unambiguous(rows: Sequence[Summary]) -> dict[str, str]:
    """Return a name for each run id, with the whole id if two runs share a name."""
    return told_apart({row.id: row.name for row in rows})


def table_content(rows: Sequence[Summary], names: dict[str, str], baseline: Summary | None = None) -> pd.DataFrame:
    """Return a row for each run, with accuracies in percent.

    With a baseline, a column like "Δ Test accuracy" follows each accuracy: the difference in percentage points, empty
    for runs that were tested on other images.
    """
    columns: dict[str, object] = {
        "Run": [names[row.id] for row in rows],
        "Page": [f"run?id={quote(row.id)}" for row in rows],
        "State": [_badges(row, baseline) for row in rows],
    }
    for figure in (one for one in FIGURES.values() if one.share):
        columns[figure.column] = shares = _numbers(figure, rows).astype(float)
        if baseline is not None:
            comparable = [row.id != baseline.id and row.dataset == baseline.dataset for row in rows]
            differences = shares - _numbers(figure, [baseline]).astype(float)[0]
            columns[difference_title(figure.column)] = differences.where(pd.Series(comparable, dtype=bool))
    several = len({row.dataset for row in rows if row.dataset}) > 1
    columns["Preset"] = [_on_data(row) if several else row.preset for row in rows]
    # A laptop's screen cuts off the last columns.
    columns["Note"] = [" ".join(row.label.note.split()) or None for row in rows]
    for figure in (one for one in FIGURES.values() if not one.share):
        columns[figure.column] = _numbers(figure, rows).round().astype("Int64")
    columns["When"] = [row.created.replace(tzinfo=None) for row in rows]
    return pd.DataFrame(columns)


def _on_data(row: Summary) -> str | None:
    """Return the preset and the data: accuracies on different images must not be compared."""
    return f"{row.preset}, {in_words('dataset', row.dataset)}" if row.dataset else None


def _numbers(figure: Figure, rows: Sequence[Summary]) -> pd.Series:
    return pd.Series([figure.value(row) for row in rows], dtype="Float64") * figure.factor


def difference_title(column: str) -> str:
    """Return the name of the column of differences to the baseline."""
    return f"Δ {column}"


def _badges(row: Summary, baseline: Summary | None) -> list[str]:
    marks = {"in use": row.promoted, "baseline": baseline is not None and row.id == baseline.id}
    return [state_word(row), *(mark for mark, there in marks.items() if there)]
