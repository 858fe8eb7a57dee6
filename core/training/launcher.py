"""Trainings: one at a time, the others in a queue; they are asked to stop, resumed, taken out and deleted."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from core.config import TrainingConfig
from core.environment import read_only
from core.errors import RunError, StorageError
from core.runs.deletion import delete_run
from core.runs.label import name_of
from core.runs.leftovers import sweep
from core.runs.registry import check_runs, create_run, list_runs
from core.runs.run import Run
from core.runs.status import Status
from core.storage import storage_errors
from core.training.starting import start_first
from core.training.teachers import lacking_teachers, runs_with
from core.workspace import Workspace

MAX_QUEUED = 20
"""How many trainings may wait at a time: nobody at a browser fills the disk or keeps the machine busy for weeks."""

_END_SECONDS = 10.0
"""How long a worker may take to be gone: a killed one needs milliseconds, one that is asked to stop a second or two
until it saves what it learned."""

_CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
"""What Docker and Podman put into each of their containers."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Overview:
    """One look at all trainings: `latest` is the run at work, else the newest one that is over; `waiting` comes next.

    `busy`: whether anything is at work or waits.
    """

    latest: Run | None
    waiting: tuple[Run, ...]
    busy: bool


def submit(workspace: Workspace, config: TrainingConfig) -> Run:
    """Queue a training; it starts at once if nothing else is running. Teachers that it lacks are queued first.

    Raises RunError when MAX_QUEUED wait already, or when its process cannot be started. Whatever else keeps the queue
    from going on is logged: the training waits in it, and `advance` says so.
    """
    with workspace.locked(), _teachers_queued(workspace, config):
        run = create_run(workspace, config)
    _go_on_after(workspace, run)
    return run


def advance(workspace: Workspace) -> Run | None:
    """Start the oldest queued run if nothing is running; returns the one started. Safe to call from anywhere, often.

    A run whose teachers are still to come, or whose own folder keeps it from starting, waits on, and the next one is
    tried. Raises StorageError where the runs cannot be listed, where the disk is full, and where none of those that
    wait can be started.
    """
    check_runs(workspace)
    if read_only() or not _states(workspace, "queued"):
        return None
    with workspace.locked():
        if _states(workspace, "running"):
            return None
        sweep(workspace)
        return start_first(workspace, reversed(_states(workspace, "queued")))


def record_interruptions(workspace: Workspace) -> None:
    """Write down which runs broke off, and why: the signs of it are soon covered by what happens next.

    Raises what kept it from the first one that cannot be written, when all others are.
    """
    if read_only() or not _broken_off(workspace):
        return
    problems: list[StorageError | RunError | OSError] = []
    with workspace.locked():
        for run, status in _broken_off(workspace):
            try:
                run.write_status(status.model_copy(update={"ended": time.time(), "seconds_left": None}))
            except (StorageError, RunError, OSError) as error:
                problems.append(error)
    if problems:
        raise problems[0]


def request_stop(workspace: Workspace, run: Run) -> None:
    """Ask a run to stop: a queued one never starts, a running one learns no more and keeps what it learned.

    Its last step takes a second or two; saving takes longer, up to minutes with thousands of drawn digits.
    Raises RunError when the run is over.
    """
    with workspace.locked():
        status = run.status()
        if status.over:
            raise RunError(f"Run {run.id} is {status.state} already; there is nothing to stop.", run.id)
        if status.state == "queued":
            back = _back_from_queue(run) or {"state": "stopped", "message": "Stopped before it started."}
            run.write_status(status.model_copy(update=back))
            return
        with storage_errors(run.stop_file):
            run.stop_file.touch()


def request_stop_of_all(workspace: Workspace) -> list[Run]:
    """Ask everything that runs or waits to stop; returns these runs, those that waited first."""
    with workspace.locked():
        # The queue first: or the next one would start when the one at work ends.
        asked = []
        for run in (run for state in ("queued", "running") for run, _ in _states(workspace, state)):
            with suppress(RunError):  # over meanwhile
                request_stop(workspace, run)
                asked.append(run)
    return asked


def resume(workspace: Workspace, run: Run) -> None:
    """Let a run that broke off, failed or was stopped go on after its last whole epoch; it waits for its turn.

    Teachers that it lacks are queued first. Raises RunError when there is nothing to go on with (it is finished, at
    work, or in the queue), when MAX_QUEUED wait already, and when its process cannot be started.
    """
    with workspace.locked():
        status = run.status()
        if not resumable(run, status):
            raise RunError(f"Run {run.id} is {status.state}; there is nothing to resume.", run.id)
        with _teachers_queued(workspace, run.config(), run):
            _queue_again(run, status)
    _go_on_after(workspace, run)


def resumable(run: Run, status: Status) -> bool:
    """Whether `resume` can let the run go on; one that was stopped needs epochs that are whole."""
    if status.state == "stopped":
        return run.checkpoint_file.exists()
    return status.state in ("interrupted", "failed")


def delete(workspace: Workspace, run: Run) -> None:
    """Delete a run for good; one at work is ended first, and the next in the queue starts.

    Raises RunNotFound when it is gone already, RunError when its worker does not end within seconds.
    """
    deadline = time.monotonic() + _END_SECONDS
    # Looked at, not waited for: whoever started it may be another dashboard, which keeps a dead process on record. And
    # the workspace is free between two looks, for everybody else.
    while not _deleted(workspace, run):
        if time.monotonic() > deadline:
            raise RunError(_why_at_work(run), run.id)
        time.sleep(0.02)
    _go_on_after(workspace, run)


def withdraw(workspace: Workspace, run: Run) -> None:
    """Take a run out of the queue: one that never started is deleted, one that was to go on keeps all that it has.

    Raises RunError when it has started meanwhile.
    """
    with workspace.locked():
        status = run.status()
        if status.state != "queued":
            raise RunError(f"Run {run.id} is {status.state} already; it no longer waits in the queue.", run.id)
        if back := _back_from_queue(run):
            run.write_status(status.model_copy(update=back))
        else:
            delete_run(workspace, run)


def overview(workspace: Workspace) -> Overview:
    """What is at work, what waits (the next one first), and what ended last."""
    readable = _readable(workspace)
    running = [run for run, status in readable if status.state == "running"]
    waiting = tuple(run for run, status in reversed(readable) if status.state == "queued")
    started = running or [run for run, status in readable if status.state != "queued"]
    return Overview(latest=started[0] if started else None, waiting=waiting, busy=bool(running or waiting))


@contextmanager
def _teachers_queued(workspace: Workspace, config: TrainingConfig, run: Run | None = None) -> Iterator[None]:
    """Queue the teachers that a training lacks before it: one that broke off goes on, any other is a new run.

    Where the training itself cannot be queued, the new ones are deleted: nobody asked for them alone. Raises RunError
    when there is no room for all.
    """
    lacking = lacking_teachers(workspace, config, run)
    _refuse_a_longer_queue(workspace, 1 + len(lacking))
    made: list[Run] = []
    try:
        for wanted in lacking:
            begun = [(one, status) for one, status in runs_with(workspace, wanted) if one.checkpoint_file.exists()]
            if begun and resumable(*begun[0]):
                _queue_again(*begun[0])
            else:
                made.append(create_run(workspace, wanted))
        yield
    except BaseException:
        for teacher in made:
            delete_run(workspace, teacher)
        raise


def _queue_again(run: Run, status: Status) -> None:
    """Put a run that ended back into the queue."""
    # Whatever is left of the last process must not be taken for the next one's.
    with storage_errors(run.folder):
        run.stop_file.unlink(missing_ok=True)
        run.process_file.unlink(missing_ok=True)
    waits = {"state": "queued", "phase": "waiting", "message": "Waiting to go on.", "epochs": run.config().epochs}
    run.write_status(status.model_copy(update={**waits, "ended": None, "seconds_left": None}))


def _back_from_queue(run: Run) -> dict[str, Any] | None:
    """What becomes of the status of a queued run that was to go on; None for one that never started."""
    # A log may have been deleted, or be another user's.
    if not (run.checkpoint_file.exists() or run.bundle.folder.exists() or run.log_tail()):
        return None
    state, what = "interrupted", "Resume starts it again; no epoch was complete"
    if run.checkpoint_file.exists():
        state, what = "stopped", "Resume goes on after the last whole epoch"
    return {"state": state, "message": f"Taken out of the queue. {what}.", "ended": time.time()}


def _go_on_after(workspace: Workspace, run: Run) -> None:
    """Let the queue go on once something was done to `run`; only what this run itself failed at is an error of that."""
    try:
        advance(workspace)
    except RunError as error:
        if error.run_id == run.id:
            raise
        _logger.warning("The queue did not go on: %s", error)
    except (StorageError, OSError) as error:
        _logger.warning("The queue did not go on: %s", error)


def _deleted(workspace: Workspace, run: Run) -> bool:
    """Delete a run that no worker has; False where one has it, which is made to end."""
    with workspace.locked():
        if run.alive:
            _end(run)
            return False
        delete_run(workspace, run)
        return True


def _end(run: Run) -> None:
    """Kill the run's worker, or ask it to stop where it is none of this machine's processes, or not on record yet."""
    try:
        if process := run.process():
            with suppress(psutil.NoSuchProcess):
                process.kill()
            return
    except psutil.AccessDenied as error:
        raise RunError(f"The process of run {run.id} belongs to another user. Ask them to stop it.", run.id) from error
    with storage_errors(run.stop_file):
        run.stop_file.touch()


def _why_at_work(run: Run) -> str:
    """What to say of a run whose worker does not end."""
    if run.process():
        return f"The process of run {run.id} does not end. Try again in a minute."
    return (
        f"Run {run.id} is at work in a process that another dashboard or container started. It was asked to stop; "
        "delete the run when it has stopped."
    )


def farewell(workspace: Workspace) -> str | None:
    """What a person who ends the dashboard should know of the training at work; None where there is none."""
    running = _states(workspace, "running")
    if not running:
        return None
    name, waiting = name_of(running[0][0]), len(_states(workspace, "queued"))
    if _ends_the_container():
        return f"Training {name} ends with this container. Start it again and press Resume: whole epochs are kept."
    goes_on = f" and {waiting} in the queue go on" if waiting else " goes on"
    return f"Training {name}{goes_on} without the dashboard. Stop it with: python -m core runs stop"


def _ends_the_container() -> bool:
    """Whether this is a container's main process, on its own or under a small init: all others there end with it."""
    return os.getpid() == 1 or (os.getppid() == 1 and any(mark.exists() for mark in _CONTAINER_MARKS))


def _refuse_a_longer_queue(workspace: Workspace, more: int) -> None:
    waiting = len(_states(workspace, "queued"))
    if waiting + more > MAX_QUEUED:
        several = f", and this one takes {more} of {MAX_QUEUED} places" if more > 1 else ""
        raise RunError(
            f"{waiting} trainings wait already{several}; let some of them finish, or take some out of the queue."
        )


def _broken_off(workspace: Workspace) -> list[tuple[Run, Status]]:
    """Runs whose worker is gone without a last word, and of which nobody has written that down yet."""
    ends = ("interrupted", "failed")
    return [(run, status) for run, status in _readable(workspace) if status.state in ends and status.ended is None]


def _states(workspace: Workspace, state: str) -> list[tuple[Run, Status]]:
    """Runs in a state, newest first; a run whose status cannot be read is in none."""
    return [(run, status) for run, status in _readable(workspace) if status.state == state]


def _readable(workspace: Workspace) -> list[tuple[Run, Status]]:
    """Every run whose status can be read, newest first."""
    found = []
    for run in list_runs(workspace):
        try:
            found.append((run, run.status()))
        except RunError:
            continue
    return found
