"""The table of all runs: filters, sort orders, and differences from the baseline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import pandas as pd

from core.config import PRESETS
from core.data.datasets import TITLES
from core.language import Message, tr
from core.runs.label import disambiguate
from core.runs.status import STATE_NAMES
from core.runs.summary import Summary
from dashboard.runs.metrics import METRICS, Metric
from dashboard.training.wording import display_value

STATES = {str(state): name for state, name in STATE_NAMES.items()} | {"damaged": Message("damaged")}
ACTIVE, BASELINE = Message("active model"), Message("baseline")
PRESET_NAMES = tuple(PRESETS)
DATASET_NAMES = tuple(TITLES)
NEWEST = Message("Newest first")

ORDERS: dict[str, Callable[[Summary], tuple]] = {
    NEWEST: lambda row: (-row.created.timestamp(),),
    Message("Oldest first"): lambda row: (row.created.timestamp(),),
    Message("Name"): lambda row: (row.name.casefold(),),
    **{metric.sort_label: metric.sort_key for metric in METRICS.values()},
}


@dataclass(frozen=True)
class RunFilter:
    """A filter for runs.

    A run matches if every word of `text` occurs in its id, name, note, preset or dataset, and if it has one of the
    `states`, `presets` and `datasets`. An empty field matches every run.
    """

    text: str = ""
    states: tuple[str, ...] = ()
    presets: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()

    def __call__(self, row: Summary) -> bool:
        dataset = f"{row.dataset} {display_value('dataset', row.dataset)}"
        searched = f"{row.id} {row.label.name} {row.label.note} {row.preset} {dataset}".casefold()
        return (
            all(word in searched for word in self.text.casefold().split())
            and (not self.states or state_label(row) in self.states)
            and (not self.presets or row.preset in self.presets)
            and (not self.datasets or row.dataset in self.datasets)
        )


def state_label(row: Summary) -> str:
    """Return the state of a run as one of STATES, or "damaged" if the run cannot be read."""
    return row.state or "damaged"


def filter_and_sort(
    rows: Sequence[Summary], matches: RunFilter, order: str = NEWEST, baseline: str | None = None
) -> list[Summary]:
    """Return the matching runs sorted by `order`; the baseline is always included and comes first."""
    pinned = [row for row in rows if row.id == baseline]
    return pinned + sorted((row for row in rows if row.id != baseline and matches(row)), key=ORDERS[order])


def unique_names(rows: Sequence[Summary]) -> dict[str, str]:
    """Return a name for each run id; the name includes the id if another run has the same name."""
    return disambiguate({row.id: row.name for row in rows})


def table_content(rows: Sequence[Summary], names: dict[str, str], baseline: Summary | None = None) -> pd.DataFrame:
    """Return a row for each run, with accuracies in percent.

    With a baseline, a column like "Δ Test accuracy" follows each accuracy: the difference in percentage points, empty
    for the baseline itself and for runs on another dataset.
    """
    columns: dict[str, object] = {
        "Run": [names[row.id] for row in rows],
        "Page": [f"run?id={quote(row.id)}" for row in rows],
        "State": [_state_badges(row, baseline) for row in rows],
    }
    fractions = [metric for metric in METRICS.values() if metric.is_fraction]
    for metric in fractions:
        percentages = _values(metric, rows).astype(float)
        columns[metric.column] = percentages
        if baseline is not None:
            comparable = [row.id != baseline.id and row.dataset == baseline.dataset for row in rows]
            differences = percentages - _values(metric, [baseline]).astype(float)[0]
            columns[difference_column(metric.column)] = differences.where(pd.Series(comparable, dtype=bool))
    several_datasets = len({row.dataset for row in rows if row.dataset}) > 1
    columns["Preset"] = [_preset_and_dataset(row) if several_datasets else row.preset for row in rows]
    # The note comes before the remaining metrics, because the last columns do not fit on a laptop screen.
    columns["Note"] = [" ".join(row.label.note.split()) or None for row in rows]
    for metric in METRICS.values():
        if metric.is_fraction:
            continue
        columns[metric.column] = _values(metric, rows).round().astype("Int64")
    columns["Created"] = [row.created.replace(tzinfo=None) for row in rows]
    return pd.DataFrame(columns)


def _preset_and_dataset(row: Summary) -> str | None:
    """Return a run's preset and dataset, because accuracies on different datasets are not comparable."""
    return f"{row.preset}, {display_value('dataset', row.dataset)}" if row.dataset else None


def _values(metric: Metric, rows: Sequence[Summary]) -> pd.Series:
    return pd.Series([metric.value(row) for row in rows], dtype="Float64") * metric.display_factor


def difference_column(column: str) -> str:
    """Return the name of the column with the differences from the baseline."""
    return f"Δ {column}"


def _state_badges(row: Summary, baseline: Summary | None) -> list[str]:
    badges = {ACTIVE: row.promoted, BASELINE: baseline is not None and row.id == baseline.id}
    return [tr(STATES[state_label(row)]), *(tr(badge) for badge, applies in badges.items() if applies)]
