"""The queue of trainings: one runs at a time, the others wait; submit, resume and withdraw them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.config import TrainingConfig
from core.environment import read_only
from core.errors import RunError, StorageError
from core.launcher.starting import start_first
from core.launcher.teachers import lacking_teachers
from core.runs.deletion import delete_run
from core.runs.leftovers import remove_leftovers
from core.runs.registry import check_runs, create_run
from core.runs.run import Run
from core.runs.snapshot import RunSnapshot, Snapshot
from core.runs.status import Status
from core.storage import storage_errors
from core.workspace import Workspace

MAX_QUEUED = 20
"""Limit of waiting trainings, so that visitors can neither fill the disk nor keep the machine busy for weeks."""

_logger = logging.getLogger(__name__)


def submit(workspace: Workspace, config: TrainingConfig) -> Run:
    """Queue a training and the teachers that it lacks; it starts at once if nothing else is running.

    Raises RunError if the queue is full, or if its process cannot be started. Other problems of the queue are logged:
    the training waits, and `advance` raises them.
    """
    with workspace.locked():
        snapshot = Snapshot.of(workspace)
        with _teachers_queued(workspace, snapshot, config) as teachers:
            run = create_run(workspace, config)
        with problems_of_others_logged(run):
            _start_next(workspace, snapshot.after(*teachers, RunSnapshot(run)))
    return run


def resume(workspace: Workspace, run: Run) -> None:
    """Queue a run that was interrupted, failed or stopped, to continue after its last whole epoch.

    Teachers that it lacks are queued first. Raises RunError if there is nothing to resume (it is finished, running or
    queued), if the queue is full, and if its process cannot be started.
    """
    with workspace.locked():
        snapshot = Snapshot.of(workspace)
        resumed = snapshot.find(run)
        state = resumed.status().state
        if not resumable(run, resumed.status()):
            raise RunError(f"Run {run.id} is {state}; there is nothing to resume.", run.id)
        with _teachers_queued(workspace, snapshot, resumed.config(), run) as teachers:
            _queue_again(resumed)
        with problems_of_others_logged(run):
            _start_next(workspace, snapshot.after(*teachers, resumed))


def withdraw(workspace: Workspace, run: Run) -> None:
    """Take a run out of the queue: one that never started is deleted, one that was to continue keeps its files.

    Raises RunError if it has started meanwhile.
    """
    with workspace.locked():
        status = run.status()
        if status.state != "queued":
            raise RunError(f"Run {run.id} is {status.state} already; it no longer waits in the queue.", run.id)
        withdrawn = withdrawn_status(run, status)
        if withdrawn:
            run.write_status(withdrawn)
        else:
            delete_run(workspace, run)


def advance(workspace: Workspace) -> Run | None:
    """Start the oldest queued run if nothing is running; return the run that was started.

    The dashboard calls it every few seconds, a worker when it ends. A run that waits for its teachers, or that cannot
    be started, is passed over. Raises StorageError if the runs cannot be listed, if the disk is full, and if no queued
    run can be started.
    """
    check_runs(workspace)
    if read_only() or not Snapshot.of(workspace).in_state("queued"):
        return None
    with workspace.locked():
        return _start_next(workspace, Snapshot.of(workspace))


def resumable(run: Run, status: Status) -> bool:
    """Return True if `resume` can continue the run; a stopped run needs a whole epoch for that."""
    if status.state == "stopped":
        return run.checkpoint_file.exists()
    return status.state in ("interrupted", "failed")


def withdrawn_status(run: Run, status: Status) -> Status | None:
    """Return the status of a queued run that was to continue, once it is out of the queue; None if it never started."""
    # The log alone may have been deleted, or belong to another user.
    if not (run.checkpoint_file.exists() or run.bundle.folder.exists() or run.log_tail()):
        return None
    after: dict[str, Any] = {"state": "interrupted", "ended": time.time()}
    message = "Taken out of the queue. Resume starts it again; no epoch was complete."
    if run.checkpoint_file.exists():
        after["state"] = "stopped"
        message = "Taken out of the queue. Resume continues after the last whole epoch."
    return status.model_copy(update={**after, "message": message})


@contextmanager
def problems_of_others_logged(run: Run) -> Iterator[None]:
    """Log the errors of other runs and of the disk while the queue advances; raise only those of `run` itself."""
    try:
        yield
    except RunError as error:
        if error.run_id == run.id:
            raise
        _logger.warning("The queue did not advance: %s", error)
    except (StorageError, OSError) as error:
        _logger.warning("The queue did not advance: %s", error)


def _start_next(workspace: Workspace, snapshot: Snapshot) -> Run | None:
    """Start the oldest queued run of a snapshot that was taken under the lock, unless one is running."""
    if snapshot.in_state("running"):
        return None
    remove_leftovers(workspace)
    return start_first(workspace, snapshot)


@contextmanager
def _teachers_queued(
    workspace: Workspace, snapshot: Snapshot, config: TrainingConfig, run: Run | None = None
) -> Iterator[list[RunSnapshot]]:
    """Queue the teachers that a training lacks, and yield them: interrupted ones continue, others are new runs.

    If the block fails, the new ones are deleted. Raises RunError if the queue has no room for all.
    """
    lacking = lacking_teachers(snapshot, config, run)
    _check_room(snapshot, 1 + len(lacking))
    queued: list[RunSnapshot] = []
    created: list[Run] = []
    try:
        for wanted in lacking:
            teacher = _begun(snapshot, wanted)
            if teacher:
                _queue_again(teacher)
            else:
                created.append(create_run(workspace, wanted))
            queued.append(teacher or RunSnapshot(created[-1]))
        yield queued
    except BaseException:
        for new in created:
            delete_run(workspace, new)
        raise


def _begun(snapshot: Snapshot, config: TrainingConfig) -> RunSnapshot | None:
    """Return the newest run with this config and a checkpoint if it can be resumed."""
    begun = [(seen, status) for seen, status in snapshot.with_config(config) if seen.run.checkpoint_file.exists()]
    return begun[0][0] if begun and resumable(begun[0][0].run, begun[0][1]) else None


def _check_room(snapshot: Snapshot, more: int) -> None:
    waiting = len(snapshot.in_state("queued"))
    if waiting + more > MAX_QUEUED:
        several = f", and this one takes {more} of {MAX_QUEUED} places" if more > 1 else ""
        raise RunError(
            f"{waiting} trainings wait already{several}. Let some of them finish, or take some out of the queue."
        )


def _queue_again(seen: RunSnapshot) -> None:
    """Put a run that ended back into the queue."""
    run = seen.run
    # Traces of the last process must not be taken for those of the next one.
    with storage_errors(run.folder):
        run.stop_file.unlink(missing_ok=True)
        run.process_file.unlink(missing_ok=True)
    waits = {"state": "queued", "phase": "waiting", "message": "Waiting to continue.", "epochs": seen.config().epochs}
    run.write_status(seen.status().model_copy(update={**waits, "ended": None, "seconds_left": None}))
