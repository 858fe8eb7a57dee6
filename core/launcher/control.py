"""Stopping and deleting runs, whether they are running or queued."""

from __future__ import annotations

import time
from contextlib import suppress

import psutil

from core.errors import RunError
from core.language import Message
from core.launcher.queue import advance, log_errors_from_other_runs, status_after_removal
from core.runs.deletion import delete_run
from core.runs.run import Run
from core.runs.snapshot import Snapshot
from core.runs.status import STATE_NAMES
from core.storage import storage_errors
from core.workspace import Workspace

_WORKER_EXIT_TIMEOUT_SECONDS = 10.0
"""Maximum time that `delete` waits for the worker.

A killed worker exits within milliseconds; a worker that was asked to stop may take several seconds.
"""
_POLL_SECONDS = 0.02


def request_stop(workspace: Workspace, run: Run, reason: str = "") -> None:
    """Ask a run to stop: a queued run is removed from the queue, a running run saves its model.

    `reason`: the final message of a sweep's running search run, which has no model to save.

    Training stops within a second or two; saving takes a few seconds more, because the novelty detector is fitted
    on fewer samples. Raises RunError if the run is neither queued nor running.
    """
    with workspace.locked():
        status = run.status()
        if status.has_ended:
            raise RunError(
                Message(
                    "Run {run} has already ended ({state}); there is nothing to stop.",
                    run=run.id,
                    state=STATE_NAMES[status.state],
                ),
                run.id,
            )
        if status.state == "queued":
            new_status = status_after_removal(run, status)
            if new_status is None:  # never started
                new_status = status.model_copy(
                    update={"state": "stopped", "message": Message("Stopped before it started.")}
                )
            run.write_status(new_status)
            return
        with storage_errors(run.stop_file):
            run.stop_file.write_text(reason)


def request_stop_all(workspace: Workspace) -> list[Run]:
    """Ask all queued and running runs to stop; return these runs, queued runs first."""
    stopping_runs: list[Run] = []
    with workspace.locked():
        snapshot = Snapshot.of(workspace)
        # Stop queued runs first; otherwise the next one would start as soon as the current run ends.
        for entry in [*snapshot.in_state("queued"), *snapshot.in_state("running")]:
            with suppress(RunError):  # the run has just ended
                request_stop(workspace, entry.run)
                stopping_runs.append(entry.run)
    return stopping_runs


def delete(workspace: Workspace, run: Run) -> None:
    """Delete a run after ending its worker; then start the next queued run.

    Raises RunNotFound if the run is already deleted, RunError if its worker does not exit within
    _WORKER_EXIT_TIMEOUT_SECONDS.
    """
    deadline = time.monotonic() + _WORKER_EXIT_TIMEOUT_SECONDS
    # Poll: we cannot wait() for a worker that is another process's child. The workspace is unlocked between attempts.
    while not _try_delete(workspace, run):
        if time.monotonic() > deadline:
            raise RunError(_still_running_message(run), run.id)
        time.sleep(_POLL_SECONDS)
    with log_errors_from_other_runs(run):
        advance(workspace)


def _try_delete(workspace: Workspace, run: Run) -> bool:
    """Delete the run and return True if it has no worker; otherwise end the worker and return False."""
    with workspace.locked():
        if run.alive:
            _end_worker(run)
            return False
        delete_run(workspace, run)
        return True


def _end_worker(run: Run) -> None:
    """Kill the run's worker, or ask it to stop if its process is unknown or runs on another machine."""
    try:
        if process := run.process():
            with suppress(psutil.NoSuchProcess):
                process.kill()
            return
    except psutil.AccessDenied as error:
        raise RunError(
            Message("The process of run {run} belongs to another user. Ask them to stop it.", run=run.id), run.id
        ) from error
    with storage_errors(run.stop_file):
        run.stop_file.touch()


def _still_running_message(run: Run) -> Message:
    """Return the error message for a run whose worker has not exited."""
    if run.process():
        return Message("The process of run {run} has not exited. Try again in a minute.", run=run.id)
    return Message(
        "The process of run {run} was started by another dashboard or container. It has been asked to "
        "stop; delete the run once it has stopped.",
        run=run.id,
    )
