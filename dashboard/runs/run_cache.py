"""All runs as the pages show them; a file is read again only when it has changed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import pandas as pd
import streamlit as st

from core.classifier.bundle import Bundle
from core.errors import RunError, StorageError
from core.runs.active import ActiveModel, active_model, model_names
from core.runs.label import label_file
from core.runs.registry import check_runs, is_gone, list_runs
from core.runs.run import Run
from core.runs.snapshot import RunSnapshot
from core.runs.status import State
from core.runs.summary import Summary, summarise
from dashboard.session.state import workspace
from dashboard.training import curve_points

_MOST_SUMMARIES = 1000

_Version = tuple[int, int] | None
"""Time of change and inode of a file: a file that replaces another one within a clock tick has another inode."""


@dataclass(frozen=True)
class Listing:
    """All runs at one moment, newest first; a page reads it once each time that it is drawn, and passes it along.

    `mark` changes with the runs. `problem` is a sentence if the runs cannot be listed.
    """

    rows: tuple[Summary, ...]
    mark: int
    problem: str | None = None

    @property
    def busy(self) -> bool:
        """Whether a training runs or waits."""
        return any(_state(row) in ("queued", "running") for row in self.rows)

    @property
    def latest(self) -> Summary | None:
        """The training that runs, else the newest one that is over."""
        over = (row for row in self.rows if _state(row) not in ("queued", None))
        return next((row for row in self.rows if row.state == "running"), None) or next(over, None)

    @property
    def waiting(self) -> tuple[Summary, ...]:
        """The queue, in order."""
        return tuple(row for row in reversed(self.rows) if _state(row) == "queued")


def _state(row: Summary) -> State | None:
    """Return the state of a run, also of one whose other files are damaged."""
    try:
        return row.state or run_of(row).status().state
    except RunError:
        return None


def listing() -> Listing:
    """Read all runs."""
    runs, active = list_runs(workspace()), active_model(workspace())
    # First, so that a change during the reading is noticed afterwards.
    mark = _mark(runs)
    rows = ((run, _summary(run, active)) for run in runs)
    # A run that was deleted meanwhile is not a damaged one.
    there = tuple(row for run, row in rows if row.problem is None or not is_gone(run.folder))
    return Listing(there, mark, _listing_problem())


def run_of(row: Summary) -> Run:
    """Return the run that a row describes."""
    return Run(workspace().runs / row.id)


def _listing_problem() -> str | None:
    try:
        check_runs(workspace())
    except StorageError as error:
        return str(error)
    return None


def _summary(run: Run, active: ActiveModel) -> Summary:
    files = (run.status_file, run.config_file, label_file(run), run.bundle.folder, run.bundle.card_file)
    row = _summary_of_files(str(run.folder), tuple(_changed(path) for path in files))
    # A worker may end, and a damaged file be repaired, without a change of these files.
    if row.state in ("running", None):
        row = summarise(RunSnapshot(run), active)
    return replace(row, promoted=row.has_model and run.id == active.run_id)


# Streamlit's own cache takes 0.2 ms for each look, and the Runs page looks at every run.
@lru_cache(maxsize=_MOST_SUMMARIES)
def _summary_of_files(folder: str, changed: tuple[_Version, ...]) -> Summary:  # noqa: ARG001 - part of the key
    return summarise(RunSnapshot(Run(Path(folder))), ActiveModel(None, Bundle(Path(folder))))


def curve(
    run: Run, name: str, smoothing: float = 0.0, most: int = curve_points.MOST_POINTS, overlaid: bool = False
) -> pd.DataFrame:
    """Return a run's `curve_points` under a name, as a shared table that must not be changed. Raises RunError."""
    changed = (_changed(run.steps_file), _changed(run.history_file))
    return _curve(str(run.folder), name, run.status().steps, smoothing, most, overlaid, changed)


@st.cache_resource(show_spinner=False, max_entries=300)
def _curve(
    folder: str,
    name: str,
    steps_in_epoch: int,
    smoothing: float,
    most: int,
    overlaid: bool,
    changed: tuple[_Version, ...],
) -> pd.DataFrame:
    steps, history = _tables(folder, changed)
    return curve_points.curve_points(name, steps, history, steps_in_epoch, smoothing, most, overlaid)


@st.cache_resource(show_spinner=False, max_entries=150)
def _tables(folder: str, changed: tuple[_Version, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:  # noqa: ARG001
    run = Run(Path(folder))
    return run.steps(), run.history()


def names() -> dict[str, str]:
    """Return the display names of all models."""
    return _names(mark())


@st.cache_resource(show_spinner=False, max_entries=10)
def _names(changed: int) -> dict[str, str]:  # noqa: ARG001
    return model_names(workspace())


def mark() -> int:
    """Return a number that changes when a run comes, goes, writes a file or is promoted; reads no file."""
    return _mark(list_runs(workspace()))


def _mark(runs: Collection[Run]) -> int:
    folders = tuple((run.id, _changed(run.folder)) for run in runs)
    return hash((folders, _changed(workspace().active_file)))


def _changed(path: Path) -> _Version:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_ino
