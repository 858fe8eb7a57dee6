"""The runs of a workspace: create, list and find them."""

from __future__ import annotations

import os
import random
import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from core.config import TrainingConfig
from core.errors import RunError, RunNotFound, StorageError
from core.language import Message
from core.runs.creation import ID_TIME_FORMAT, created_at, write_creation
from core.runs.fine_tuning import FineTuning, write_fine_tuning
from core.runs.leftovers import NEW_PREFIX
from core.runs.own_drawing import OwnDrawing, write_own_drawing
from core.runs.run import Run
from core.runs.status import Status
from core.runs.trial import TrialMark, write_trial_mark
from core.storage import make_folder, storage_errors, system_reason
from core.workspace import Workspace

_ADJECTIVES = (
    "amber brave calm clever crisp curious eager fair gentle golden happy humble jolly keen kind lively lucky merry "
    "mild nimble noble patient proud quick quiet rapid silver sunny swift tidy vivid warm wise witty"
)
_ANIMALS = (
    "badger bear beaver crane crow deer dove eagle falcon finch fox gecko hare heron horse ibis jay koala lark lynx "
    "marten mole moose newt otter owl panda puffin quail raven robin seal stork swan tiger toad wren yak"
)


def create_run(
    workspace: Workspace,
    config: TrainingConfig,
    drawing: OwnDrawing | None = None,
    fine_tuning: FineTuning | None = None,
    trial: TrialMark | None = None,
) -> Run:
    """Create a run with the state `queued`; if this fails, no files are left behind.

    `drawing`: a person's drawing to watch. `fine_tuning`: the model and the hand to learn from, or None for a new
    network. `trial`: the mark of a run that belongs to a sweep.
    """
    make_folder(workspace.runs)
    # The lock keeps two runs from getting the same id.
    with workspace.locked():
        now = _now()
        run = _run_with_unused_id(workspace, now)
        # Runs with this prefix are not listed; the folder gets its final name once it is complete.
        unlisted_run = Run(make_folder(run.folder.with_name(NEW_PREFIX + run.id)))
        try:
            write_creation(unlisted_run, now)
            unlisted_run.write_config(config)
            if drawing:
                write_own_drawing(unlisted_run.drawing_file, drawing)
            if fine_tuning:
                write_fine_tuning(unlisted_run.fine_tuning_file, fine_tuning)
            if trial:
                write_trial_mark(unlisted_run.trial_file, trial)
            unlisted_run.write_status(
                Status(state="queued", message=Message("Waiting for its turn."), epochs=config.epochs)
            )
            with storage_errors(run.folder):
                unlisted_run.folder.rename(run.folder)
        finally:
            shutil.rmtree(unlisted_run.folder, ignore_errors=True)
    return run


def list_runs(workspace: Workspace) -> list[Run]:
    """Return all runs, newest first, or none if their folder cannot be read (`check_runs` raises the error)."""
    try:
        names = _list_folders(workspace)
    except OSError:
        return []
    runs = [Run(workspace.runs / name) for name in names]
    return sorted(runs, key=lambda run: (created_at(run), run.id), reverse=True)


def check_runs(workspace: Workspace) -> None:
    """Raise StorageError if the runs folder exists but cannot be read."""
    try:
        _list_folders(workspace)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(
            Message(
                "The runs in {folder} cannot be listed ({reason}). Repair this folder, or set TRAZO_WORKSPACE "
                "to another folder.",
                folder=workspace.runs,
                reason=system_reason(error),
            ),
            workspace.runs,
        ) from error


def find_run(workspace: Workspace, run_id: str) -> Run:
    """Return the run with this id, or the only run with this title.

    Raises RunNotFound if there is none, RunError if there are several. The id is compared with folder names and never
    becomes part of a path.
    """
    with suppress(OSError):
        if run_id in _list_folders(workspace):  # avoids reading each run's creation time, which a sorted list needs
            return Run(workspace.runs / run_id)
    matches = [run for run in list_runs(workspace) if run_id and run.title == run_id]
    if not matches:
        raise RunNotFound(run_id)
    if len(matches) > 1:
        ids = ", ".join(run.id for run in matches)
        raise RunError(
            Message("Several runs have the title {run!r}. Use the full id of one of them: {ids}.", run=run_id, ids=ids),
            run_id,
        )
    return matches[0]


def _list_folders(workspace: Workspace) -> list[str]:
    with os.scandir(workspace.runs) as entries:
        return [entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")]


def _run_with_unused_id(workspace: Workspace, now: datetime) -> Run:
    """Return a run with an unused id; its folder does not exist yet."""
    used_times = {"-".join(run.id.split("-")[:2]) for run in list_runs(workspace)}
    time = now.astimezone()
    # Each id starts with a different time, so that ids sort in the order in which runs were created.
    while time.strftime(ID_TIME_FORMAT) in used_times:
        time += timedelta(seconds=1)
    return Run(workspace.runs / f"{time.strftime(ID_TIME_FORMAT)}-{random_words()}")


def random_words() -> str:
    """Return two words that are easy to remember, such as `quiet-otter`."""
    return f"{random.choice(_ADJECTIVES.split())}-{random.choice(_ANIMALS.split())}"


def _now() -> datetime:
    return datetime.now(UTC)
