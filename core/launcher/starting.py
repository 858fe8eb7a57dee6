"""Start of workers: no other module starts the process of a training."""

from __future__ import annotations

import errno
import logging
import subprocess
import sys
import time
from contextlib import suppress

import psutil

from core.environment import python_environment
from core.errors import RunError, StorageError
from core.launcher.teachers import teachers_to_come
from core.runs.process import worker_lock
from core.runs.run import Run
from core.runs.snapshot import RunSnapshot, Snapshot
from core.runs.status import Status
from core.storage import open_file, storage_errors
from core.workspace import PROJECT, Workspace

_logger = logging.getLogger(__name__)


def start_first(workspace: Workspace, snapshot: Snapshot) -> Run | None:
    """Start the oldest queued run that can be started; if none can, raise the error of the oldest one."""
    problems: list[tuple[Run, StorageError | OSError]] = []
    for seen in reversed(snapshot.in_state("queued")):
        if _waits_for_teachers(snapshot, seen):
            continue
        run = seen.run
        try:
            with worker_lock(run.lock_file) as lock:
                if lock is None:  # its last worker is about to end, and then advances the queue itself
                    return None
                _start(workspace, run, seen.status(), lock)
        except (StorageError, OSError) as error:
            if _is_full_disk(error):
                raise
            problems.append((run, error))
            continue
        # Not logged if none starts: the error says it, and the next attempt is seconds away.
        for blocked, problem in problems:
            _logger.warning("Run %s cannot be started and is passed over: %s", blocked.id, problem)
        return run
    if problems:
        raise problems[0][1]
    return None


def _waits_for_teachers(snapshot: Snapshot, seen: RunSnapshot) -> bool:
    try:
        return bool(teachers_to_come(snapshot, seen.run, seen.config()))
    except RunError:  # its worker reports the damage
        return False


def _is_full_disk(error: StorageError | OSError) -> bool:
    """Return True if starting another run would fail for the same reason."""
    cause = error.__cause__ if isinstance(error, StorageError) else error
    return isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)


def _start(workspace: Workspace, run: Run, status: Status, lock: int) -> None:
    """Start the run's worker, which inherits its lock."""
    with storage_errors(run.log_file), open_file(run.log_file, "ab") as log:
        run.write_status(status.model_copy(update={"state": "running", "phase": "starting", "message": "Starting."}))
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "core.training.worker", str(run.folder), str(lock)],
                cwd=PROJECT,
                env=python_environment(TRAZO_WORKSPACE=str(workspace.root)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(lock,),
                # A session of its own, so that neither Ctrl-C nor the end of the dashboard reaches the worker.
                start_new_session=True,
            )
        except OSError as error:
            message = "The training process could not be started. Close other programs and try again."
            run.write_status(status.model_copy(update={"state": "failed", "message": message, "ended": time.time()}))
            raise RunError(message, run.id) from error
    with suppress(StorageError, psutil.NoSuchProcess):  # the worker records itself, too
        run.write_process(process.pid)
