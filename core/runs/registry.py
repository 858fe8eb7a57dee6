"""All runs of a workspace: make, list, find, delete, promote; and the model in use."""

from __future__ import annotations

import os
import random
import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path

from core.config import TrainingConfig
from core.errors import RunError, RunNotFound, StorageError
from core.runs.leftovers import NEW
from core.runs.run import Run
from core.runs.status import Status
from core.storage import make_folder, storage_errors
from core.workspace import Workspace

_STAMP = "%Y%m%d-%H%M%S"
_ADJECTIVES = (
    "amber brave calm clever crisp curious eager fair gentle golden happy humble jolly keen kind lively lucky merry "
    "mild nimble noble patient proud quick quiet rapid silver sunny swift tidy vivid warm wise witty"
)
_ANIMALS = (
    "badger bear beaver crane crow deer dove eagle falcon finch fox gecko hare heron horse ibis jay koala lark lynx "
    "marten mole moose newt otter owl panda puffin quail raven robin seal stork swan tiger toad wren yak"
)


def create_run(workspace: Workspace, config: TrainingConfig) -> Run:
    """Make the folder of a new, queued run; where that fails, there is none."""
    make_folder(workspace.runs)
    # Under the lock, so that no two get the same name.
    with workspace.locked():
        run = _unused(workspace)
        # Nobody lists it before it is whole.
        new = Run(make_folder(run.folder.with_name(NEW + run.id)))
        try:
            new.write_config(config)
            new.write_status(Status(state="queued", message="Waiting for its turn.", epochs=config.epochs))
            with storage_errors(run.folder):
                new.folder.rename(run.folder)
        finally:
            shutil.rmtree(new.folder, ignore_errors=True)
    return run


def list_runs(workspace: Workspace) -> list[Run]:
    """All runs, newest first; none where their folder cannot be read, which `check_runs` tells."""
    try:
        names = _folders(workspace)
    except OSError:
        return []
    return [Run(workspace.runs / name) for name in sorted(names, reverse=True)]


def check_runs(workspace: Workspace) -> None:
    """Raise StorageError with the way out where the folder of the runs is there and cannot be read."""
    try:
        _folders(workspace)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(
            f"The runs in {workspace.runs} cannot be listed ({error.strerror}). Put this folder right, or set "
            "TRAZO_WORKSPACE to another one.",
            workspace.runs,
        ) from error


def _folders(workspace: Workspace) -> list[str]:
    with os.scandir(workspace.runs) as entries:
        return [entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")]


def find_run(workspace: Workspace, run_id: str) -> Run:
    """The run with this id, or the only one with these last two words.

    Raises RunNotFound where there is none, RunError where there are several.
    The id is looked up among the folders there are; it never becomes part of a path.
    """
    runs = list_runs(workspace)
    exact = [run for run in runs if run.id == run_id]
    matching = exact or [run for run in runs if run_id and run.title == run_id]
    if not matching:
        raise RunNotFound(run_id)
    if len(matching) > 1:
        ids = ", ".join(run.id for run in matching)
        raise RunError(f"Several runs are named {run_id!r}; name one by its whole id: {ids}.", run_id)
    return matching[0]


def is_gone(path: Path) -> bool:
    """Whether there is nothing; what cannot be looked at just now may be there."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _stamp(run: Run) -> str:
    return "-".join(run.id.split("-")[:2])


def created_at(run: Run) -> datetime:
    try:
        return datetime.strptime(_stamp(run), _STAMP).astimezone()
    except ValueError:
        try:
            changed = run.folder.stat().st_mtime
        except OSError:  # deleted meanwhile
            changed = time.time()
        return datetime.fromtimestamp(changed).astimezone()


def _unused(workspace: Workspace) -> Run:
    """A run with a name that no other one has, and without a folder."""
    taken = {_stamp(run) for run in list_runs(workspace)}
    moment = datetime.now().astimezone()
    # Names put runs in order: those of one second would start in the order of their adjectives.
    while moment.strftime(_STAMP) in taken:
        moment += timedelta(seconds=1)
    words = f"{random.choice(_ADJECTIVES.split())}-{random.choice(_ANIMALS.split())}"
    return Run(workspace.runs / f"{moment.strftime(_STAMP)}-{words}")
