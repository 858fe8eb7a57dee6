"""Starts queued runs, each in the prepared worker or a new worker process; no other module does."""

from __future__ import annotations

import errno
import logging
import subprocess
import sys
import time
from contextlib import suppress
from typing import IO

import psutil

from core.environment import python_environment, thread_limits
from core.errors import RunError, StorageError
from core.language import Message
from core.launcher.prepared_worker import hand_over
from core.launcher.teachers import pending_teachers
from core.runs.process import worker_lock
from core.runs.run import Run
from core.runs.snapshot import RunSnapshot, Snapshot
from core.runs.status import Status
from core.storage import open_file, storage_errors
from core.workspace import PROJECT, Workspace

_logger = logging.getLogger(__name__)


def start_next_queued_run(workspace: Workspace, snapshot: Snapshot) -> Run | None:
    """Start the oldest queued run that can be started; if all attempts fail, raise the error of the oldest run.

    Returns None if no queued run is ready, or if the next one's previous worker is still exiting.
    """
    failures: list[tuple[Run, StorageError | OSError]] = []
    for queued in reversed(snapshot.in_state("queued")):
        if _waits_for_teachers(snapshot, queued):
            continue
        try:
            if not _try_start(workspace, queued):
                return None  # its previous worker is still exiting and will advance the queue
        except (StorageError, OSError) as error:
            if _is_full_disk(error):
                raise
            failures.append((queued.run, error))
            continue
        # Logged only if another run started; otherwise the raised error reports it.
        for run, failure in failures:
            _logger.warning("Run %s cannot be started; skipping it: %s", run.id, failure)
        return queued.run
    if failures:
        raise failures[0][1]
    return None


def _waits_for_teachers(snapshot: Snapshot, queued: RunSnapshot) -> bool:
    try:
        return bool(pending_teachers(snapshot, queued.run, queued.config()))
    except RunError:  # the config is damaged; the run's worker reports that
        return False


def _try_start(workspace: Workspace, queued: RunSnapshot) -> bool:
    """Start a run and return True; return False if another process holds its lock."""
    with worker_lock(queued.run.lock_file) as lock:
        if lock is None:
            return False
        _start(workspace, queued.run, queued.status(), lock)
        return True


def _is_full_disk(error: StorageError | OSError) -> bool:
    """Return True if the error means that the disk is full or a quota is exceeded."""
    cause = error.__cause__ if isinstance(error, StorageError) else error
    return isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)


def _start(workspace: Workspace, run: Run, status: Status, lock: int) -> None:
    """Start the run's worker, which inherits the lock, or hand the run to the prepared worker."""
    with storage_errors(run.log_file), open_file(run.log_file, "ab") as log:
        start_update = {
            "state": "running",
            "phase": "starting",
            "start": "python",
            "message": Message("Starting Python."),
        }
        run.write_status(status.model_copy(update=start_update))
        process_id = hand_over(workspace, run.folder, lock, log.fileno())
        if process_id is None:
            try:
                process_id = _start_worker(workspace, run, lock, log)
            except OSError as error:
                message = Message("The training process could not be started. Close other programs and try again.")
                failure_update = {"state": "failed", "message": message, "ended": time.time()}
                run.write_status(status.model_copy(update=failure_update))
                raise RunError(message, run.id) from error
    with suppress(StorageError, psutil.NoSuchProcess):  # the worker also records its process id
        run.write_process(process_id)


def _start_worker(workspace: Workspace, run: Run, lock: int, log: IO[bytes]) -> int:
    """Start a worker process; return its id."""
    process = subprocess.Popen(
        [sys.executable, "-m", "core.training.worker", str(run.folder), str(lock)],
        cwd=PROJECT,
        env=python_environment(TRAZO_WORKSPACE=str(workspace.root), **thread_limits()),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        pass_fds=(lock,),
        # A separate session keeps Ctrl-C and the dashboard's exit from reaching the worker.
        start_new_session=True,
    )
    return process.pid
