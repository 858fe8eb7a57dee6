"""Cached trials of sweeps; a file is read again only after it has changed."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.sweeps.control import list_sweeps
from core.sweeps.sweep import Sweep
from dashboard.session.state import workspace
from dashboard.sweeps.trials import Trials

_Version = tuple[int, int] | None
"""Modification time and inode of a file, or None if there is no file; a file may be replaced within one clock tick."""


def trials(sweep: Sweep) -> Trials:
    """Return a sweep's settings and trials; raise SweepError if a file is damaged, SweepNotFound if it is gone."""
    return _trials(str(sweep.folder), _version(sweep.settings_file), _version(sweep.progress_file))


@st.cache_resource(show_spinner=False, max_entries=50)
def _trials(folder: str, settings: _Version, progress: _Version) -> Trials:  # noqa: ARG001 - part of the key
    sweep = Sweep(Path(folder))
    return Trials(sweep.settings(), sweep.progress())


def version(sweep: Sweep) -> int:
    """Return a number that changes when a sweep writes a file or is deleted; no file is read."""
    return hash(tuple(_version(path) for path in (sweep.status_file, sweep.progress_file)))


def revision() -> int:
    """Return a number that changes when a sweep is created or deleted, or writes a file; no file is read."""
    return hash(tuple((sweep.id, version(sweep)) for sweep in list_sweeps(workspace())))


def _version(path: Path) -> _Version:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_ino
