"""The queue of runs: TRAZO_WORKERS of them are trained at a time, and the others wait."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from core.config import TrainingConfig
from core.environment import read_only, worker_count
from core.errors import QueueFull, RunError, StorageError
from core.language import Message
from core.launcher.room import has_room
from core.launcher.starting import start_next_queued_run
from core.launcher.teachers import missing_teachers
from core.runs.deletion import delete_run
from core.runs.fine_tuning import FineTuning
from core.runs.leftovers import remove_leftovers
from core.runs.own_drawing import OwnDrawing
from core.runs.registry import check_runs, create_run
from core.runs.run import Run
from core.runs.snapshot import RunSnapshot, Snapshot
from core.runs.status import STATE_NAMES, Status
from core.runs.trial import TrialMark
from core.storage import storage_errors
from core.workspace import Workspace

MAX_QUEUED = 20
"""Maximum number of queued runs, so that visitors cannot fill the disk or occupy the machine for weeks."""

_logger = logging.getLogger(__name__)


def submit(
    workspace: Workspace,
    config: TrainingConfig,
    drawing: OwnDrawing | None = None,
    fine_tuning: FineTuning | None = None,
    trial: TrialMark | None = None,
) -> Run:
    """Create a run, queue it after its missing teachers (neither trained nor queued), and start the next queued run.

    The run classifies the person's drawing, if any, during training. With `fine_tuning`, it continues from a model;
    with `trial`, it belongs to a sweep.

    Raises QueueFull, or RunError if the run's process cannot be started. Other queue errors are logged; the run stays
    queued, and `advance` raises the error.
    """
    with workspace.locked():
        snapshot = Snapshot.of(workspace)
        with _queue_missing_teachers(workspace, snapshot, config) as teachers:
            run = create_run(workspace, config, drawing, fine_tuning, trial)
        with log_errors_from_other_runs(run):
            _start_next(workspace, snapshot.with_refreshed(*teachers, RunSnapshot(run)))
    return run


def resume(workspace: Workspace, run: Run) -> None:
    """Queue a run that was interrupted, failed or stopped, to continue from its last completed epoch, if any.

    Missing teachers are queued first. Raises QueueFull, or RunError if the run cannot be resumed (see `resumable`) or
    if its process cannot be started.
    """
    with workspace.locked():
        snapshot = Snapshot.of(workspace)
        resumed = snapshot.find(run)
        status = resumed.status()
        if not resumable(run, status):
            message = Message(
                "Run {run} is {state}; there is nothing to resume.", run=run.id, state=STATE_NAMES[status.state]
            )
            if status.state == "stopped":
                message = Message(
                    "Run {run} was stopped before completing an epoch; there is nothing to resume.", run=run.id
                )
            raise RunError(message, run.id)
        with _queue_missing_teachers(workspace, snapshot, resumed.config(), run) as teachers:
            _requeue(resumed)
        with log_errors_from_other_runs(run):
            _start_next(workspace, snapshot.with_refreshed(*teachers, resumed))


def remove_from_queue(workspace: Workspace, run: Run) -> None:
    """Remove a run from the queue. A run that never started is deleted; one that has started keeps its files.

    Raises RunError if the run is no longer queued.
    """
    with workspace.locked():
        status = run.status()
        if status.state != "queued":
            raise RunError(
                Message(
                    "Run {run} is already {state}; it is no longer in the queue.",
                    run=run.id,
                    state=STATE_NAMES[status.state],
                ),
                run.id,
            )
        new_status = status_after_removal(run, status)
        if new_status:
            run.write_status(new_status)
        else:
            delete_run(workspace, run)


def advance(workspace: Workspace) -> Run | None:
    """Start the oldest queued runs while fewer than TRAZO_WORKERS are running; return the first one started.

    The dashboard calls this every few seconds, and a worker calls it before exiting. A run is skipped if it is waiting
    for its teachers or if its files cannot be written. Raises StorageError if the runs cannot be listed, if the disk is
    full, or if no queued run can be started; RunError if a process cannot be started.
    """
    check_runs(workspace)
    if read_only() or not Snapshot.of(workspace).in_state("queued"):
        return None
    with workspace.locked():
        return _start_next(workspace, Snapshot.of(workspace))


def resumable(run: Run, status: Status) -> bool:
    """Return True if `resume` accepts a run with this status; a stopped run needs a completed epoch."""
    if status.state == "stopped":
        return run.checkpoint_file.exists()
    return status.state in ("interrupted", "failed")


def status_after_removal(run: Run, status: Status) -> Status | None:
    """Return the status to give a queued run that is removed from the queue, or None if the run never started."""
    # An empty log does not prove that the run never started, because the log may have been deleted.
    if not (run.checkpoint_file.exists() or run.bundle.folder.exists() or run.log_tail()):
        return None
    if run.checkpoint_file.exists():
        state = "stopped"
        message = Message("Removed from the queue. Resume the run to continue from the last completed epoch.")
    else:
        state = "interrupted"
        message = Message(
            "Removed from the queue before completing an epoch. Resume the run to start again from the beginning."
        )
    return status.model_copy(update={"state": state, "message": message, "ended": time.time()})


@contextmanager
def log_errors_from_other_runs(run: Run) -> Iterator[None]:
    """Log errors from other runs and from the disk while the queue advances; raise only errors from `run`."""
    try:
        yield
    except RunError as error:
        if error.run_id == run.id:
            raise
        _logger.warning("The queue did not advance: %s", error)
    except (StorageError, OSError) as error:
        _logger.warning("The queue did not advance: %s", error)


def _start_next(workspace: Workspace, snapshot: Snapshot) -> Run | None:
    """Start the oldest queued runs until TRAZO_WORKERS are running or memory is short; return the first of them.

    The snapshot must have been taken under the lock. Errors from further runs are only logged.
    """
    if not has_room(snapshot):
        return None
    remove_leftovers(workspace)
    first = started = start_next_queued_run(workspace, snapshot)
    while started and worker_count() > 1 and has_room(snapshot := snapshot.with_refreshed(RunSnapshot(started))):
        last, started = started, None
        with log_errors_from_other_runs(last):
            started = start_next_queued_run(workspace, snapshot)
    return first


@contextmanager
def _queue_missing_teachers(
    workspace: Workspace, snapshot: Snapshot, config: TrainingConfig, run: Run | None = None
) -> Iterator[list[RunSnapshot]]:
    """Queue the missing teachers of a run and yield them: requeue those that can be resumed, and create the rest.

    Raises QueueFull. If the with block raises, newly created teachers are deleted.
    """
    teacher_configs = missing_teachers(snapshot, config, run)
    _check_room(snapshot, 1 + len(teacher_configs))
    teachers: list[RunSnapshot] = []
    new_runs: list[Run] = []
    try:
        for teacher_config in teacher_configs:
            teacher = _resumable_run_for(snapshot, teacher_config)
            if teacher:
                _requeue(teacher)
            else:
                new_runs.append(create_run(workspace, teacher_config))
                teacher = RunSnapshot(new_runs[-1])
            teachers.append(teacher)
        yield teachers
    except BaseException:
        for new_run in new_runs:
            delete_run(workspace, new_run)
        raise


def _resumable_run_for(snapshot: Snapshot, config: TrainingConfig) -> RunSnapshot | None:
    """Return the newest run with this config and a checkpoint, or None if there is no such run to resume."""
    candidates = [pair for pair in snapshot.matching_config(config) if pair[0].run.checkpoint_file.exists()]
    if not candidates:
        return None
    newest, status = candidates[0]
    return newest if resumable(newest.run, status) else None


def _check_room(snapshot: Snapshot, needed: int) -> None:
    """Raise QueueFull if the queue has fewer free slots than needed."""
    queued = len(snapshot.in_state("queued"))
    if queued + needed > MAX_QUEUED:
        message = Message(
            "{queued} runs are already queued. Let some finish, or remove some from the queue.", queued=queued
        )
        if needed > 1:
            message = Message(
                "{queued} runs are already queued, and this run and its teachers need {needed} of the {limit} slots. "
                "Let some finish, or remove some from the queue.",
                queued=queued,
                needed=needed,
                limit=MAX_QUEUED,
            )
        raise QueueFull(message)


def _requeue(ended_run: RunSnapshot) -> None:
    """Put a run that has ended back into the queue."""
    run = ended_run.run
    # Leftover files of the previous process must not be mistaken for the next one's.
    with storage_errors(run.folder):
        run.stop_file.unlink(missing_ok=True)
        run.process_file.unlink(missing_ok=True)
    update = {
        "state": "queued",
        "phase": "waiting",
        "message": Message("Waiting to continue."),
        "epochs": ended_run.config().epochs,
        "ended": None,
        "seconds_left": None,
    }
    run.write_status(ended_run.status().model_copy(update=update))
