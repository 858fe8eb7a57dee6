"""Control of trainings: stop and delete them, whether they run or wait."""

from __future__ import annotations

import time
from contextlib import suppress

import psutil

from core.errors import RunError
from core.launcher.queue import advance, problems_of_others_logged, withdrawn_status
from core.runs.deletion import delete_run
from core.runs.run import Run
from core.runs.snapshot import Snapshot
from core.storage import storage_errors
from core.workspace import Workspace

_END_SECONDS = 10.0
"""Time for a worker to end: a killed one needs milliseconds, one that is asked to stop a second or two to react."""
_POLL_SECONDS = 0.02


def request_stop(workspace: Workspace, run: Run) -> None:
    """Ask a run to stop: a queued one never starts, a running one keeps what it has learned.

    It stops within a second or two and then saves, which takes minutes with thousands of synthetic digits.
    Raises RunError if the run has ended.
    """
    with workspace.locked():
        status = run.status()
        if status.over:
            raise RunError(f"Run {run.id} is {status.state} already; there is nothing to stop.", run.id)
        if status.state == "queued":
            stopped = status.model_copy(update={"state": "stopped", "message": "Stopped before it started."})
            run.write_status(withdrawn_status(run, status) or stopped)
            return
        with storage_errors(run.stop_file):
            run.stop_file.touch()


def request_stop_of_all(workspace: Workspace) -> list[Run]:
    """Ask everything that runs or waits to stop; return these runs, the waiting ones first."""
    asked = []
    with workspace.locked():
        snapshot = Snapshot.of(workspace)
        # The queue first: otherwise the next one would start when the running one ends.
        for seen in [*snapshot.in_state("queued"), *snapshot.in_state("running")]:
            with suppress(RunError):  # it has just ended
                request_stop(workspace, seen.run)
                asked.append(seen.run)
    return asked


def delete(workspace: Workspace, run: Run) -> None:
    """Delete a run for good; a running one is ended first, and the next in the queue starts.

    Raises RunNotFound if it is gone already, RunError if its worker does not end within seconds.
    """
    deadline = time.monotonic() + _END_SECONDS
    # Polled, not awaited: the worker may be the child of another process. The workspace is unlocked between two looks.
    while not _deleted(workspace, run):
        if time.monotonic() > deadline:
            raise RunError(_why_running(run), run.id)
        time.sleep(_POLL_SECONDS)
    with problems_of_others_logged(run):
        advance(workspace)


def _deleted(workspace: Workspace, run: Run) -> bool:
    """Delete a run that has no worker and return True; otherwise end the worker and return False."""
    with workspace.locked():
        if run.alive:
            _end(run)
            return False
        delete_run(workspace, run)
        return True


def _end(run: Run) -> None:
    """Kill the run's worker, or ask it to stop if it is not recorded or not a process of this machine."""
    try:
        if process := run.process():
            with suppress(psutil.NoSuchProcess):
                process.kill()
            return
    except psutil.AccessDenied as error:
        raise RunError(f"The process of run {run.id} belongs to another user. Ask them to stop it.", run.id) from error
    with storage_errors(run.stop_file):
        run.stop_file.touch()


def _why_running(run: Run) -> str:
    """Return the sentence for a run whose worker does not end."""
    if run.process():
        return f"The process of run {run.id} does not end. Try again in a minute."
    return (
        f"Run {run.id} runs in a process that another dashboard or container started. It was asked to stop; "
        "delete the run when it has stopped."
    )
