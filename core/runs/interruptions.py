"""Runs that were interrupted: their end is written down, because the signs of its cause do not last."""

from __future__ import annotations

import time

from core.environment import read_only
from core.errors import RunError, StorageError
from core.runs.run import Run
from core.runs.snapshot import Snapshot
from core.runs.status import Status
from core.workspace import Workspace


def record_interruptions(workspace: Workspace) -> None:
    """Write down which runs were interrupted, and why.

    If some cannot be written, the others are, and the first error is raised.
    """
    if read_only() or not _interrupted(workspace):
        return
    problems: list[StorageError | RunError | OSError] = []
    with workspace.locked():
        for run, status in _interrupted(workspace):
            try:
                run.write_status(status.model_copy(update={"ended": time.time(), "seconds_left": None}))
            except (StorageError, RunError, OSError) as error:
                problems.append(error)
    if problems:
        raise problems[0]


def _interrupted(workspace: Workspace) -> list[tuple[Run, Status]]:
    """Return the runs whose worker ended without writing its end, if nobody else has written it yet."""
    ends = ("interrupted", "failed")
    return [
        (seen.run, status)
        for seen, status in Snapshot.of(workspace).readable()
        if status.state in ends and status.ended is None
    ]
