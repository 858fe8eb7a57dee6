"""Cached summaries and curves of all runs; a file is read again only after it has changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import pandas as pd
import streamlit as st

from core.classifier.bundle import Bundle
from core.errors import RunError, StorageError
from core.language import Message, message_of, tr
from core.runs.active import ActiveModel, active_model, available_models, model_names
from core.runs.label import label_file
from core.runs.registry import check_runs, list_runs
from core.runs.run import Run
from core.runs.snapshot import RunSnapshot
from core.runs.status import State
from core.runs.summary import Summary, summarise
from core.storage import FileVersion, file_version, is_gone
from dashboard.session.state import workspace
from dashboard.training import curve_points

_MAX_SUMMARIES = 10_000


@dataclass(frozen=True)
class Listing:
    """All runs at one moment, newest first; a page reads one listing per redraw and passes it to its functions.

    `revision` changes with the runs. `problem` is an error message if the runs cannot be listed.
    """

    rows: tuple[Summary, ...]
    revision: int
    problem: Message | None = None

    @property
    def busy(self) -> bool:
        """True if a run is running or queued."""
        return any(_state(row) in ("queued", "running") for row in self.rows)

    @property
    def latest(self) -> Summary | None:
        """The newest run in progress, else the newest run that has ended, else None."""
        ended = (row for row in self.rows if _state(row) not in ("queued", None))
        return next((row for row in self.rows if row.state == "running"), None) or next(ended, None)

    @property
    def also_running(self) -> tuple[Summary, ...]:
        """The runs in progress besides `latest`, the oldest first."""
        return tuple(row for row in reversed(self.rows) if _state(row) == "running" and row != self.latest)

    @property
    def waiting(self) -> tuple[Summary, ...]:
        """The queued runs, the next one first."""
        return tuple(row for row in reversed(self.rows) if _state(row) == "queued")


def _state(row: Summary) -> State | None:
    """Return the state of a run even if its other files are damaged, or None if its status is damaged too."""
    try:
        return row.state or run_of(row).status().state
    except RunError:
        return None


def listing() -> Listing:
    """Read all runs."""
    runs, active = list_runs(workspace()), active_model(workspace())
    # Computed before the files are read, so that a later check notices changes made while they were read.
    revision = _revision(runs)
    rows = ((run, _summary(run, active)) for run in runs)
    # A run that was deleted in the meantime looks damaged, so it is left out.
    existing = tuple(row for run, row in rows if row.problem is None or not is_gone(run.folder))
    return Listing(existing, revision, _listing_problem())


def run_of(row: Summary) -> Run:
    """Return the run that a row describes."""
    return Run(workspace().runs / row.id)


def _listing_problem() -> Message | None:
    try:
        check_runs(workspace())
    except StorageError as error:
        return message_of(error)
    return None


def _summary(run: Run, active: ActiveModel) -> Summary:
    files = (run.status_file, run.config_file, label_file(run), run.bundle.folder, run.bundle.card_file)
    row = _cached_summary(str(run.folder), tuple(file_version(path) for path in files))
    # A worker can end, or another damaged file can be repaired, without a change to these files.
    if row.state in ("running", None):
        row = summarise(RunSnapshot(run), active)
    return replace(row, promoted=row.has_model and run.id == active.run_id)


# Not cached with Streamlit, whose lookups take 0.2 ms each: the Runs page looks up every run.
@lru_cache(maxsize=_MAX_SUMMARIES)
def _cached_summary(folder: str, versions: tuple[FileVersion, ...]) -> Summary:  # noqa: ARG001 - part of the key
    return summarise(RunSnapshot(Run(Path(folder))), ActiveModel(None, Bundle(Path(folder))))


def curve(
    run: Run, name: str, smoothing: float = 0.0, max_points: int = curve_points.MAX_POINTS, overlaid: bool = False
) -> pd.DataFrame:
    """Return the `curve_points` of a run that is shown as `name`; raise RunError if a file is damaged.

    The table is shared; do not modify it.
    """
    versions = (file_version(run.steps_file), file_version(run.history_file))
    return _cached_curve(str(run.folder), name, run.status().steps, smoothing, max_points, overlaid, versions)


@st.cache_resource(show_spinner=False, max_entries=300)
def _cached_curve(
    folder: str,
    name: str,
    steps_in_epoch: int,
    smoothing: float,
    max_points: int,
    overlaid: bool,
    versions: tuple[FileVersion, ...],
) -> pd.DataFrame:
    steps, history = _cached_tables(folder, versions)
    return curve_points.curve_points(name, steps, history, steps_in_epoch, smoothing, max_points, overlaid)


@st.cache_resource(show_spinner=False, max_entries=150)
def _cached_tables(folder: str, versions: tuple[FileVersion, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:  # noqa: ARG001
    run = Run(Path(folder))
    return run.steps(), run.history()


def names() -> dict[str, str]:
    """Return the display names of all models."""
    return _cached_names(revision())


@st.cache_resource(show_spinner=False, max_entries=10)
def _cached_names(revision: int) -> dict[str, str]:  # noqa: ARG001
    return model_names(workspace())


def model_name(model: str) -> str:
    """Return a model's display name, as `display_names` does."""
    return display_names([model])[model]


def display_names(models: Iterable[str]) -> dict[str, str]:
    """Return the display names of these models; a run that was just deleted is named by its id."""
    known = names()
    shown = {model: known.get(model, model) for model in models}
    # A run's name is never translated, even if it equals a message of Trazo.
    return {model: tr(name) if isinstance(name, Message) else name for model, name in shown.items()}


def usable_models() -> tuple[str, ...]:
    """Return the names of the shipped model and of every run with a complete model, newest first."""
    return _cached_usable_models(revision())


@st.cache_resource(show_spinner=False, max_entries=10)
def _cached_usable_models(revision: int) -> tuple[str, ...]:  # noqa: ARG001
    return tuple(available_models(workspace()))


def revision() -> int:
    """Return a number that changes when a run is created, deleted or promoted, or writes a file. Reads no files."""
    return _revision(list_runs(workspace()))


def _revision(runs: Collection[Run]) -> int:
    folders = tuple((run.id, file_version(run.folder)) for run in runs)
    return hash((folders, file_version(workspace().active_file)))
