"""Cached trials of sweeps; a file is read again only after it has changed."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.storage import FileVersion, file_version
from core.sweeps.control import list_sweeps
from core.sweeps.sweep import Sweep
from dashboard.session.state import workspace
from dashboard.sweeps.trials import Trials


def trials(sweep: Sweep) -> Trials:
    """Return a sweep's settings and trials; raise SweepError if a file is damaged, SweepNotFound if it is gone."""
    return _trials(str(sweep.folder), file_version(sweep.settings_file), file_version(sweep.progress_file))


@st.cache_resource(show_spinner=False, max_entries=50)
def _trials(folder: str, settings: FileVersion, progress: FileVersion) -> Trials:  # noqa: ARG001 - part of the key
    sweep = Sweep(Path(folder))
    return Trials(sweep.settings(), sweep.progress())


def version(sweep: Sweep) -> int:
    """Return a number that changes when a sweep writes a file or is deleted; no file is read."""
    return hash(tuple(file_version(path) for path in (sweep.status_file, sweep.progress_file)))


def revision() -> int:
    """Return a number that changes when a sweep is created or deleted, or writes a file; no file is read."""
    return hash(tuple((sweep.id, version(sweep)) for sweep in list_sweeps(workspace())))
