"""Records why runs were interrupted, before the evidence is lost."""

from __future__ import annotations

import time

from core.environment import read_only
from core.errors import RunError, StorageError
from core.runs.run import Run
from core.runs.snapshot import Snapshot
from core.runs.status import Status
from core.workspace import Workspace


def record_interruptions(workspace: Workspace) -> None:
    """Write the status of each interrupted run, with the probable cause.

    If one status cannot be written, the others are still written; then the first error is raised.
    """
    if read_only() or not _unrecorded_interruptions(workspace):
        return
    errors: list[StorageError | RunError | OSError] = []
    with workspace.locked():
        for run, status in _unrecorded_interruptions(workspace):
            try:
                run.write_status(status.model_copy(update={"ended": time.time(), "seconds_left": None}))
            except (StorageError, RunError, OSError) as error:
                errors.append(error)
    if errors:
        raise errors[0]


def _unrecorded_interruptions(workspace: Workspace) -> list[tuple[Run, Status]]:
    """Return the runs whose worker died without writing a final status, unless another process has written one."""
    return [
        (snapshot.run, status)
        for snapshot, status in Snapshot.of(workspace).readable()
        if status.state in ("interrupted", "failed") and status.ended is None
    ]
