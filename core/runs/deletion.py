"""Deletion of a run."""

from __future__ import annotations

import os
import time

from core.errors import RunError, RunNotFound
from core.runs.active import active_model, promote
from core.runs.leftovers import DELETED
from core.runs.run import Run
from core.storage import remove, storage_errors
from core.workspace import Workspace


def delete_run(workspace: Workspace, run: Run) -> None:
    """Delete a run's folder, or the link that stands for it; if it was promoted, the shipped model is used again.

    Raises RunError while it is running, RunNotFound if it is gone already.
    """
    with workspace.locked():
        if not os.path.lexists(run.folder):
            raise RunNotFound(run.id)
        if _running(run):
            raise RunError(f"Run {run.id} is still running. Stop it first, then delete it.", run.id)
        if active_model(workspace).run_id == run.id:
            promote(workspace, None)
        # Renamed first: a half-deleted run is never listed.
        renamed = run.folder.with_name(f"{DELETED}{run.id}-{time.time_ns()}")
        with storage_errors(run.folder):
            run.folder.rename(renamed)
            remove(renamed)


def _running(run: Run) -> bool:
    try:
        return run.status().state == "running"
    except RunError:  # damaged, and to be deleted for that, unless a worker is alive
        return run.alive
