"""Deletion of a run."""

from __future__ import annotations

import os
import time

from core.errors import RunError, RunNotFound
from core.language import Message
from core.runs.active import active_model, promote
from core.runs.leftovers import DELETED_PREFIX
from core.runs.run import Run
from core.storage import remove, storage_errors
from core.workspace import Workspace


def delete_run(workspace: Workspace, run: Run) -> None:
    """Delete a run's folder, or the link to it; if the run was promoted, the shipped model becomes active again.

    Raises RunError if the run is running, RunNotFound if it is already deleted.
    """
    with workspace.locked():
        if not os.path.lexists(run.folder):
            raise RunNotFound(run.id)
        if _is_running(run):
            raise RunError(Message("Run {run} is still running. Stop it first, then delete it.", run=run.id), run.id)
        if active_model(workspace).run_id == run.id:
            promote(workspace, None)
        # Rename the folder first, so that a half-deleted run is never listed.
        new_path = run.folder.with_name(f"{DELETED_PREFIX}{run.id}-{time.time_ns()}")
        with storage_errors(run.folder):
            run.folder.rename(new_path)
            remove(new_path)


def _is_running(run: Run) -> bool:
    try:
        return run.status().state == "running"
    except RunError:  # a damaged run can be deleted unless its worker is alive
        return run.alive
