"""All runs of a workspace: make, list, find, delete, promote; and the model in use."""

from __future__ import annotations

import os
import random
import shutil
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor, Reading
from core.config import TrainingConfig
from core.errors import BundleError, RunError, RunNotFound, StorageError
from core.records import Record
from core.runs.label import UNNAMED, Label, name_of, read_label, told_apart
from core.runs.leftovers import DELETED, NEW
from core.runs.run import Run, State, Status
from core.workspace import SHIPPED_BUNDLE, Workspace, make_folder, replacing, storage_errors

SHIPPED = "shipped"
"""The name of the model that comes with Trazo, where a run's id could stand."""
SHIPPED_TITLE = "Shipped model"

_STAMP = "%Y%m%d-%H%M%S"
_ADJECTIVES = (
    "amber brave calm clever crisp curious eager fair gentle golden happy humble jolly keen kind lively lucky merry "
    "mild nimble noble patient proud quick quiet rapid silver sunny swift tidy vivid warm wise witty"
)
_ANIMALS = (
    "badger bear beaver crane crow deer dove eagle falcon finch fox gecko hare heron horse ibis jay koala lark lynx "
    "marten mole moose newt otter owl panda puffin quail raven robin seal stork swan tiger toad wren yak"
)


@dataclass(frozen=True)
class Summary:
    """A run in one row: times in seconds, accuracies in 0..1, `drawings` being that of its card's `robustness`.

    `problem` is the sentence when the run can't be read.
    """

    id: str
    title: str
    state: State | None
    created: datetime
    preset: str | None = None
    dataset: str | None = None
    accuracy: float | None = None
    validation_accuracy: float | None = None
    drawings: float | None = None
    parameters: int | None = None
    seconds: float | None = None
    has_model: bool = False
    promoted: bool = False
    problem: str | None = None
    label: Label = UNNAMED
    config: TrainingConfig | None = None

    @property
    def name(self) -> str:
        """What a person calls it: the name that it was given, else its title."""
        return self.label.name or self.title


class _Promoted(Record):
    """What is kept of the model in use."""

    run_id: str


_Version = tuple[int, int]


@dataclass(frozen=True)
class ActiveModel:
    """The model in use. `problem` says why it is the shipped one when another had been promoted."""

    run_id: str | None
    bundle: Bundle
    problem: str | None = None

    @property
    def name(self) -> str:
        return self.run_id or SHIPPED


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


def summarise(workspace: Workspace, run: Run, active: ActiveModel | None = None) -> Summary:
    """The run in one row; a damaged run gets a row too, with its problem."""
    created, label = _created(run), read_label(run)
    try:
        status, config = run.status(), run.config()
        card = run.bundle.card() if run.bundle.complete else None
    except (RunError, BundleError) as error:
        return Summary(id=run.id, title=run.title, state=None, created=created, problem=str(error), label=label)
    active = active or active_model(workspace)
    return Summary(
        id=run.id,
        title=run.title,
        state=status.state,
        created=created,
        preset=config.preset,
        dataset=config.dataset,
        accuracy=card.metrics.test_accuracy if card else None,
        validation_accuracy=card.metrics.validation_accuracy if card else None,
        drawings=card.robustness.drawings if card and card.robustness else None,
        parameters=card.parameters if card else None,
        seconds=card.seconds if card else status.seconds,
        has_model=card is not None,
        promoted=active.run_id == run.id,
        label=label,
        config=config,
    )


def summaries(workspace: Workspace) -> list[Summary]:
    """All runs in one row each, newest first."""
    active = active_model(workspace)
    rows = ((run, summarise(workspace, run, active)) for run in list_runs(workspace))
    # One that was deleted between the two looks is no damaged run.
    return [row for run, row in rows if row.problem is None or not is_gone(run.folder)]


def delete_run(workspace: Workspace, run: Run) -> None:
    """Delete a run's folder; if it was promoted, the shipped model takes over.

    Raises RunError while it is running, RunNotFound when it is gone already.
    """
    with workspace.locked():
        if not run.folder.exists():
            raise RunNotFound(run.id)
        try:
            running = run.status().state == "running"
        except RunError:  # damaged: deleting is the way out, unless its process is at work
            running = run.alive
        if running:
            raise RunError(f"Run {run.id} is still at work. Stop it first, then delete it.", run.id)
        if active_model(workspace).run_id == run.id:
            promote(workspace, None)
        # Renamed first: a half-deleted run is never listed.
        doomed = run.folder.with_name(f"{DELETED}{run.id}-{time.time_ns()}")
        with storage_errors(run.folder):
            run.folder.rename(doomed)
            shutil.rmtree(doomed)


def promote(workspace: Workspace, run: Run | None) -> None:
    """Make a run's model the one in use everywhere, at once; None goes back to the shipped one.

    Raises RunError when the run has no complete model, BundleError when the model does not load.
    """
    # Under the lock, so that nobody deletes the run meanwhile.
    with workspace.locked():
        if run is None:
            with storage_errors(workspace.active_file):
                workspace.active_file.unlink(missing_ok=True)
            return
        if not run.bundle.complete:
            raise RunError(
                f"Run {run.id} has no finished model to promote. Let it finish, or choose another run.", run.id
            )
        Predictor(run.bundle)
        with replacing(workspace.active_file) as temporary:
            temporary.write_text(_Promoted(run_id=run.id).model_dump_json() + "\n")


def active_model(workspace: Workspace) -> ActiveModel:
    """The promoted run's model, else the shipped one; never fails because of what lies in the workspace."""
    try:
        promoted = _Promoted.model_validate_json(workspace.active_file.read_bytes())
        run = find_run(workspace, promoted.run_id)
    except (FileNotFoundError, NotADirectoryError):
        return ActiveModel(None, Bundle(SHIPPED_BUNDLE))
    except (OSError, ValidationError, RunError):
        problem = "The promoted model is gone or its record is damaged; the shipped model is in use."
        return ActiveModel(None, Bundle(SHIPPED_BUNDLE), problem)
    return ActiveModel(run.id, run.bundle)


def listed_models(workspace: Workspace) -> dict[str, Bundle]:
    """Every complete model by name: `shipped`, then the runs' ids, newest first."""
    runs = {run.id: run.bundle for run in list_runs(workspace) if run.bundle.complete}
    return {SHIPPED: Bundle(SHIPPED_BUNDLE), **runs}


def model_names(workspace: Workspace) -> dict[str, str]:
    """What people call the models: the shipped one and those of all runs, no two alike."""
    runs = {run.id: name_of(run) for run in list_runs(workspace)}
    return told_apart({SHIPPED: SHIPPED_TITLE, **runs}) | {SHIPPED: SHIPPED_TITLE}


class ActivePredictor:
    """The predictor of the model in use; notices by itself when another is promoted. Thread-safe."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._seen: _Seen | None = None
        self._loaded: tuple[ActiveModel, Predictor] | None = None

    def current(self) -> tuple[ActiveModel, Predictor]:
        """The model in use and its predictor; falls back to the shipped model when the promoted one does not load."""
        loaded = self._loaded
        if loaded is not None and self._up_to_date():
            return loaded
        with self._lock:
            if self._loaded is None or not self._up_to_date():
                self._loaded = self._load()
            return self._loaded

    def read(self, ink: np.ndarray) -> Reading:
        """Read one drawing with the model in use: uint8 ink (h, w), white on black."""
        return self.current()[1].read(ink)

    def _up_to_date(self) -> bool:
        """Whether the same model is in use, untrained since; two looks at the disk, some microseconds."""
        seen = self._seen
        if seen is None or _version(self._workspace.active_file) != seen.promoted:
            return False
        # The run that was promoted may have come back.
        if seen.without is not None and _version(self._workspace.runs) != seen.without:
            return False
        version = _version(seen.card_file)
        # Between a resumed training's old model and its new one there is none, for a moment.
        return version == seen.card or (version is None and not is_gone(seen.folder))

    def _load(self) -> tuple[ActiveModel, Predictor]:
        promoted = _version(self._workspace.active_file)
        active = active_model(self._workspace)
        card_file = active.bundle.card_file
        without = _version(self._workspace.runs) if active.problem else None
        self._seen = _Seen(promoted, card_file, _version(card_file), active.bundle.folder.parent, without)
        try:
            return active, Predictor(active.bundle)
        except BundleError as error:
            if active.run_id is None:
                raise
            problem = f"{error} Until then the shipped model is in use."
            shipped = ActiveModel(None, Bundle(SHIPPED_BUNDLE), problem)
            return shipped, Predictor(shipped.bundle)


@dataclass(frozen=True)
class _Seen:
    """What was on the disk before a predictor was loaded.

    `folder`: where the model's own one lies. `without`: of the folder of all runs, in which the promoted one was not.
    """

    promoted: _Version | None
    card_file: Path
    card: _Version | None
    folder: Path
    without: _Version | None


def is_gone(path: Path) -> bool:
    """Whether there is nothing; what cannot be looked at just now may be there."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _version(path: Path) -> _Version | None:
    """Changes whenever the file is replaced; None where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_ino


def _stamp(run: Run) -> str:
    return "-".join(run.id.split("-")[:2])


def _created(run: Run) -> datetime:
    try:
        return datetime.strptime(_stamp(run), _STAMP).astimezone()
    except ValueError:
        changed = _version(run.folder)
        # Now, where it was deleted meanwhile.
        return datetime.fromtimestamp(changed[0] / 1e9 if changed else time.time()).astimezone()


def _unused(workspace: Workspace) -> Run:
    """A run with a name that no other one has, and without a folder."""
    taken = {_stamp(run) for run in list_runs(workspace)}
    moment = datetime.now().astimezone()
    # Names put runs in order: those of one second would start in the order of their adjectives.
    while moment.strftime(_STAMP) in taken:
        moment += timedelta(seconds=1)
    words = f"{random.choice(_ADJECTIVES.split())}-{random.choice(_ANIMALS.split())}"
    return Run(workspace.runs / f"{moment.strftime(_STAMP)}-{words}")
