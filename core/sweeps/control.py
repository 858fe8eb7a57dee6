"""Creating, listing, starting, stopping, resuming and deleting sweeps. Nothing here loads Optuna."""

from __future__ import annotations

import json
import re
import shutil
import time
from contextlib import suppress
from typing import Any

import psutil
from pydantic import ValidationError

from core.data.sources import find_mnist
from core.errors import DataMissing, SweepError, SweepNotFound
from core.language import Message
from core.launcher import background
from core.launcher.overview import is_container_main_process
from core.rules import broken_rule
from core.runs.creation import ID_TIME_FORMAT
from core.runs.leftovers import DELETED_PREFIX, NEW_PREFIX
from core.runs.process import WorkerRecord
from core.runs.registry import random_words
from core.runs.status import STATE_NAMES
from core.storage import make_folder, read_file, remove, storage_errors
from core.sweeps.records import SweepSettings, SweepStatus
from core.sweeps.spaces import check_parameters
from core.sweeps.sweep import Sweep
from core.sweeps.trial_runs import STOPPED_MESSAGE, TrialRuns, stop_all
from core.sweeps.winner import retrain as retrain
from core.workspace import Workspace

_ID_PATTERN = re.compile(r"\d{8}-\d{6}-[a-z]+-[a-z]+")
_EXIT_TIMEOUT_SECONDS = 10.0
"""Maximum time that `resume` and `delete` wait for the sweep's previous process; it usually exits in milliseconds."""
_POLL_SECONDS = 0.02


def create_sweep(workspace: Workspace, settings: SweepSettings, sweep_id: str | None = None) -> Sweep:
    """Create a sweep that `start` can then start. `sweep_id`: the id of the same sweep on another machine.

    Raises ConfigError if the settings are invalid, DataMissing if the data is missing, SweepError if the id is
    taken or malformed, and StorageError.
    """
    # The id becomes the name of a folder.
    if sweep_id is not None and not _ID_PATTERN.fullmatch(sweep_id):
        raise SweepError(
            Message(
                "{sweep!r} is not the id of a sweep. Copy the id, such as {example}, from the machine that created it.",
                sweep=sweep_id,
                example="20261129-160000-quiet-otter",
            ),
            sweep_id,
        )
    check_settings(settings)
    if settings.base.dataset == "mnist" and find_mnist(workspace) is None:
        raise DataMissing(
            Message("MNIST is not on this machine. Run python -m core data download, or use the stand-in digits.")
        )
    make_folder(workspace.sweeps)
    with workspace.locked():
        _remove_leftovers(workspace)
        sweep = Sweep(workspace.sweeps / (sweep_id or _new_id()))
        if sweep.folder.exists():
            raise SweepError(
                Message("There is already a sweep {sweep}. Resume it, or delete it first.", sweep=sweep.id), sweep.id
            )
        unlisted_sweep = Sweep(make_folder(sweep.folder.with_name(NEW_PREFIX + sweep.id)))
        try:
            unlisted_sweep.write_settings(settings)
            unlisted_sweep.write_status(SweepStatus(state="running", message=Message("Starting.")))
            with storage_errors(sweep.folder):
                unlisted_sweep.folder.rename(sweep.folder)
        finally:
            shutil.rmtree(unlisted_sweep.folder, ignore_errors=True)
    return sweep


def read_settings(values: dict[str, Any]) -> SweepSettings:
    """Return settings from JSON values; raises SweepError that names the field, the rule and the value."""
    try:
        return SweepSettings.model_validate_json(json.dumps(values))
    except ValidationError as error:
        raise SweepError(broken_rule(error)[1]) from error


def check_settings(settings: SweepSettings) -> None:
    """Raise ConfigError or SweepError with a clear message if a sweep with these settings makes no sense."""
    if settings.base.fine_tuned:
        raise SweepError(Message("A fine-tuned run has no settings to vary. Start from a preset or another run."))
    check_parameters(settings.base, settings.parameters)
    first, *others = settings.objectives
    if not first.endswith("accuracy"):
        raise SweepError(Message("The first objective must be an accuracy. Swap the two objectives."))
    if first in others:
        raise SweepError(Message("The two objectives are the same. Leave out one of them."))
    if settings.trials is None and settings.hours is None:
        raise SweepError(Message("Give a number of trials or of hours, so that the sweep ends."))


def start(workspace: Workspace, sweep: Sweep) -> None:
    """Start the sweep's process; raises RunError if it cannot be started."""
    background.start(workspace, sweep.log_file, "core.sweeps.process", str(sweep.folder))


def resume(workspace: Workspace, sweep: Sweep) -> None:
    """Continue a sweep that was stopped, was interrupted or failed; raises SweepError if it is running or finished."""
    status = sweep.status()
    if status.state in ("running", "finished"):
        raise SweepError(
            Message(
                "The sweep {sweep} is {state}; there is nothing to resume.",
                sweep=sweep.id,
                state=STATE_NAMES[status.state],
            ),
            sweep.id,
        )
    _wait_for_exit(sweep)
    with workspace.locked():
        with storage_errors(sweep.stop_file):
            sweep.stop_file.unlink(missing_ok=True)
        sweep.write_status(
            status.model_copy(update={"state": "running", "message": Message("Starting."), "ended": None})
        )
    start(workspace, sweep)


def stop(workspace: Workspace, sweep: Sweep) -> None:
    """Ask a sweep and its runs to stop; they stop within seconds. Raises SweepError if it has already ended."""
    status = sweep.status()
    if status.state == "running":
        with storage_errors(sweep.stop_file):
            sweep.stop_file.touch()
    elif status.state == "interrupted":
        # Its runs may have outlived its process.
        _stop_runs(workspace, sweep)
        ended = {"state": "stopped", "message": Message("Stopped. Resume the sweep to go on."), "ended": time.time()}
        sweep.write_status(status.model_copy(update=ended))
    else:
        raise SweepError(
            Message(
                "The sweep {sweep} has already ended ({state}); nothing to stop.",
                sweep=sweep.id,
                state=STATE_NAMES[status.state],
            ),
            sweep.id,
        )


def delete(workspace: Workspace, sweep: Sweep) -> None:
    """Delete a sweep after ending its process and stopping its unfinished runs; its runs are kept.

    Raises SweepNotFound if it is already deleted, SweepError if its process does not exit.
    """
    if not sweep.folder.exists():
        raise SweepNotFound(sweep.id)
    _end_process(sweep)
    _wait_for_exit(sweep)
    _stop_runs(workspace, sweep)
    new_path = sweep.folder.with_name(f"{DELETED_PREFIX}{sweep.id}-{time.time_ns()}")
    with workspace.locked(), storage_errors(sweep.folder):
        sweep.folder.rename(new_path)
        remove(new_path)


def list_sweeps(workspace: Workspace) -> list[Sweep]:
    """Return all sweeps, newest first; none if their folder cannot be read."""
    with suppress(OSError):
        folders = [path for path in workspace.sweeps.iterdir() if path.is_dir() and not path.name.startswith(".")]
        return [Sweep(path) for path in sorted(folders, key=lambda path: path.name, reverse=True)]
    return []


def find_sweep(workspace: Workspace, name: str) -> Sweep:
    """Return the sweep with this id, or the only one whose id ends with these two words; raises SweepNotFound."""
    sweeps = list_sweeps(workspace)
    matches = [sweep for sweep in sweeps if sweep.id == name] or [
        sweep for sweep in sweeps if sweep.id.split("-", 2)[-1] == name
    ]
    if not matches:
        raise SweepNotFound(name)
    if len(matches) > 1:
        ids = ", ".join(sweep.id for sweep in matches)
        raise SweepError(
            Message(
                "Several sweeps have the name {name!r}. Use the full id of one of them: {ids}.", name=name, ids=ids
            ),
            name,
        )
    return matches[0]


def exit_messages(workspace: Workspace) -> list[Message]:
    """Return a message about each sweep that is running, for the person who stops the dashboard."""
    ids = [sweep.id for sweep in list_sweeps(workspace) if sweep.running]
    if is_container_main_process():
        return [
            Message("Sweep {sweep} ends with this container. Restart it and press Resume to continue.", sweep=sweep_id)
            for sweep_id in ids
        ]
    return [
        Message(
            "Sweep {sweep} continues, too, and starts further runs. Stop it with: python -m core sweep stop {sweep}",
            sweep=sweep_id,
        )
        for sweep_id in ids
    ]


def _remove_leftovers(workspace: Workspace) -> None:
    """Remove sweeps whose creation or deletion was cut short by a killed process; the lock must be held."""
    for prefix in (NEW_PREFIX, DELETED_PREFIX):
        for path in workspace.sweeps.glob(f"{prefix}*"):
            shutil.rmtree(path, ignore_errors=True)


def _new_id() -> str:
    return f"{time.strftime(ID_TIME_FORMAT)}-{random_words()}"


def _stop_runs(workspace: Workspace, sweep: Sweep) -> None:
    stop_all(workspace, TrialRuns(workspace, sweep.id).all(), STOPPED_MESSAGE)


def _end_process(sweep: Sweep) -> None:
    """Kill the sweep's process, or ask it to stop if it runs on another machine."""
    if not sweep.alive:
        return
    with suppress(OSError, ValidationError, psutil.NoSuchProcess):
        record = WorkerRecord.model_validate_json(read_file(sweep.process_file))
        if process := record.process():
            process.kill()
            return
    with storage_errors(sweep.stop_file):
        sweep.stop_file.touch()


def _wait_for_exit(sweep: Sweep) -> None:
    deadline = time.monotonic() + _EXIT_TIMEOUT_SECONDS
    while sweep.alive:
        if time.monotonic() > deadline:
            raise SweepError(
                Message(
                    "The process of the sweep {sweep} has not exited. Stop the sweep, then try again in a minute.",
                    sweep=sweep.id,
                ),
                sweep.id,
            )
        time.sleep(_POLL_SECONDS)
