"""Deleting a run."""

from __future__ import annotations

import shutil
import time

from core.errors import RunError, RunNotFound
from core.runs.active import active_model, promote
from core.runs.leftovers import DELETED
from core.runs.run import Run
from core.storage import storage_errors
from core.workspace import Workspace


def delete_run(workspace: Workspace, run: Run) -> None:
    """Delete a run's folder; if it was promoted, the shipped model takes over.

    Raises RunError while it is running, RunNotFound when it is gone already.
    """
    with workspace.locked():
        if not run.folder.exists():
            raise RunNotFound(run.id)
        try:
            running = run.status().state == "running"
        except RunError:  # damaged: deleting is the way out, unless its process is at work
            running = run.alive
        if running:
            raise RunError(f"Run {run.id} is still at work. Stop it first, then delete it.", run.id)
        if active_model(workspace).run_id == run.id:
            promote(workspace, None)
        # Renamed first: a half-deleted run is never listed.
        doomed = run.folder.with_name(f"{DELETED}{run.id}-{time.time_ns()}")
        with storage_errors(run.folder):
            run.folder.rename(doomed)
            shutil.rmtree(doomed)
