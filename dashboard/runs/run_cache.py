"""What the pages show of runs, read from disk again only when a file has changed."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pandas as pd
import streamlit as st

from core.classifier.bundle import Bundle
from core.runs.active import ActiveModel, active_model, model_names
from core.runs.label import label_file
from core.runs.registry import is_gone, list_runs
from core.runs.run import Run
from core.runs.snapshot import RunSnapshot
from core.runs.summary import Summary, summarise
from dashboard.session.state import workspace
from dashboard.training import curve_points


def summaries() -> list[Summary]:
    """All runs in one row each, newest first; what is over is read again only when one of its files has changed."""
    active = active_model(workspace())
    rows = ((run, _summary(run, active)) for run in list_runs(workspace()))
    # One that was deleted between the two looks is no damaged run.
    return [row for run, row in rows if row.problem is None or not is_gone(run.folder)]


def _summary(run: Run, active: ActiveModel) -> Summary:
    files = (run.status_file, run.config_file, label_file(run), run.bundle.folder, run.bundle.card_file)
    row = _settled(str(run.folder), tuple(_changed(path) for path in files))
    if row.state in ("queued", "running", None):  # a worker may end, a damaged file be mended, at any time
        return summarise(RunSnapshot(run), active)
    return replace(row, promoted=row.has_model and run.id == active.run_id)


# Not Streamlit's cache, which takes a fifth of a millisecond for each look: the Runs page looks for each run.
@lru_cache(maxsize=1000)
def _settled(folder: str, changed: tuple[int, ...]) -> Summary:  # noqa: ARG001 - what the cache is keyed on
    return summarise(RunSnapshot(Run(Path(folder))), ActiveModel(None, Bundle(Path(folder))))


def curve(
    run: Run, name: str, smoothing: float = 0.0, most: int = curve_points.MOST_POINTS, overlaid: bool = False
) -> pd.DataFrame:
    """A run's curves as `curves.curve_points` gives them, under a name; raises RunError. Not to be changed."""
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
    changed: tuple[int, ...],
) -> pd.DataFrame:
    steps, history = _tables(folder, changed)
    return curve_points.curve_points(name, steps, history, steps_in_epoch, smoothing, most, overlaid)


@st.cache_resource(show_spinner=False, max_entries=150)
def _tables(folder: str, changed: tuple[int, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:  # noqa: ARG001
    run = Run(Path(folder))
    return run.steps(), run.history()


def names() -> dict[str, str]:
    """What people call each model."""
    return _names(mark())


@st.cache_resource(show_spinner=False, max_entries=10)
def _names(changed: int) -> dict[str, str]:  # noqa: ARG001
    return model_names(workspace())


def mark() -> int:
    """Changes when a run comes, goes, writes a file or is promoted: a glance, for a page on which nothing runs."""
    folders = tuple((run.id, _changed(run.folder)) for run in list_runs(workspace()))
    return hash((folders, _changed(workspace().active_file)))


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
