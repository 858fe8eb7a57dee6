"""Workers: the process of a training is started here, and nowhere else."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

import psutil

from core.errors import RunError, StorageError
from core.runs.process import worker_lock
from core.runs.run import Run
from core.runs.status import Status
from core.storage import storage_errors
from core.training.teachers import teachers_to_come
from core.workspace import PROJECT, Workspace

_logger = logging.getLogger(__name__)


def start_first(workspace: Workspace, waiting: Iterable[tuple[Run, Status]]) -> Run | None:
    """Start the first of these that can be started; raises what keeps the first one from it where none can."""
    problems: list[tuple[Run, StorageError | OSError]] = []
    for run, status in waiting:
        if _waits_for_teachers(workspace, run):
            continue
        try:
            with worker_lock(run.lock_file) as lock:
                if lock is None:  # its last worker is on its way out, and comes here itself when it is
                    return None
                _start(workspace, run, status, lock)
        except (StorageError, OSError) as error:
            if _is_full_disk(error):
                raise
            problems.append((run, error))
            continue
        # Not where none starts: that is tried every few seconds, and the error says it.
        for blocked, problem in problems:
            _logger.warning("Run %s cannot be started, and is passed over: %s", blocked.id, problem)
        return run
    if problems:
        raise problems[0][1]
    return None


def _waits_for_teachers(workspace: Workspace, run: Run) -> bool:
    try:
        return bool(teachers_to_come(workspace, run, run.config()))
    except RunError:  # its worker will say what is wrong with it
        return False


def _is_full_disk(error: StorageError | OSError) -> bool:
    """Whether no other run would find more room."""
    cause = error.__cause__ if isinstance(error, StorageError) else error
    return isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)


def _start(workspace: Workspace, run: Run, status: Status, lock: int) -> None:
    """Start the run's worker, which inherits its lock."""
    with storage_errors(run.log_file), run.log_file.open("ab") as log:
        run.write_status(status.model_copy(update={"state": "running", "phase": "starting", "message": "Starting."}))
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "core.training.worker", str(run.folder), str(lock)],
                cwd=PROJECT,
                env=_environment(workspace),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(lock,),
                # A session of its own: neither Ctrl-C nor the end of the dashboard reaches the worker.
                start_new_session=True,
            )
        except OSError as error:
            message = "The training process could not be started; close other programs and try again."
            run.write_status(status.model_copy(update={"state": "failed", "message": message, "ended": time.time()}))
            raise RunError(message, run.id) from error
    with suppress(StorageError, psutil.NoSuchProcess):  # it puts itself on record, too
        run.write_process(process.pid)


def _environment(workspace: Workspace) -> dict[str, str]:
    """A worker's environment variables."""
    environment = {**os.environ, "TRAZO_WORKSPACE": str(workspace.root)}
    # TensorFlow has 4,000 modules: where their bytecode is not kept, compiling them is most of each worker's start.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment
