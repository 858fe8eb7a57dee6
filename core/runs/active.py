"""The active model: the promoted run, or the shipped model."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor, Reading
from core.errors import BundleError, RunError
from core.records import Record
from core.runs.label import name_of, told_apart
from core.runs.registry import find_run, is_gone, list_runs
from core.runs.run import Run
from core.storage import atomic_write, read_file, storage_errors
from core.workspace import SHIPPED_BUNDLE, Workspace

SHIPPED = "shipped"
"""The name of the model that comes with Trazo, used in place of a run's id."""
SHIPPED_TITLE = "Shipped model"


class _Promoted(Record):
    """The contents of active.json."""

    run_id: str


_Version = tuple[int, int]


@dataclass(frozen=True)
class ActiveModel:
    """The active model. `problem`: why it is the shipped one although another was promoted."""

    run_id: str | None
    bundle: Bundle
    problem: str | None = None

    @property
    def name(self) -> str:
        return self.run_id or SHIPPED


def promote(workspace: Workspace, run: Run | None) -> None:
    """Use a run's model everywhere from now on; None goes back to the shipped one.

    Raises RunError if the run has no complete model, BundleError if the model does not load.
    """
    # Under the lock, so that the run is not deleted meanwhile.
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
        with atomic_write(workspace.active_file) as temporary:
            temporary.write_text(_Promoted(run_id=run.id).model_dump_json() + "\n")


def active_model(workspace: Workspace) -> ActiveModel:
    """Return the promoted run's model, else the shipped one; never fails, whatever is in the workspace."""
    try:
        promoted = _Promoted.model_validate_json(read_file(workspace.active_file))
        run = find_run(workspace, promoted.run_id)
    except (FileNotFoundError, NotADirectoryError):
        return ActiveModel(None, Bundle(SHIPPED_BUNDLE))
    except (OSError, ValidationError, RunError):
        problem = "The promoted model is gone or its record is damaged; the shipped model is in use."
        return ActiveModel(None, Bundle(SHIPPED_BUNDLE), problem)
    return ActiveModel(run.id, run.bundle)


def listed_models(workspace: Workspace) -> dict[str, Bundle]:
    """Return every complete model by name: `shipped`, then the runs' ids, newest first."""
    runs = {run.id: run.bundle for run in list_runs(workspace) if run.bundle.complete}
    return {SHIPPED: Bundle(SHIPPED_BUNDLE), **runs}


def model_names(workspace: Workspace) -> dict[str, str]:
    """Return a distinct display name for the shipped model and for each run, by the model's name."""
    runs = {run.id: name_of(run) for run in list_runs(workspace)}
    return told_apart({SHIPPED: SHIPPED_TITLE, **runs}) | {SHIPPED: SHIPPED_TITLE}


class ActivePredictor:
    """The predictor of the active model; it follows promotions by itself. Thread-safe."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._seen: _Seen | None = None
        self._loaded: tuple[ActiveModel, Predictor] | None = None

    def current(self) -> tuple[ActiveModel, Predictor]:
        """Return the active model and its predictor: the shipped model if the promoted one does not load."""
        loaded = self._loaded
        if loaded is not None and self._up_to_date():
            return loaded
        with self._lock:
            if self._loaded is None or not self._up_to_date():
                self._loaded = self._load()
            return self._loaded

    def read(self, ink: np.ndarray) -> Reading:
        """Read one drawing with the active model: uint8 ink (h, w), white on black."""
        return self.current()[1].read(ink)

    def _up_to_date(self) -> bool:
        """Return True if the same model is in use and was not trained further; two `stat` calls."""
        seen = self._seen
        if seen is None or _version(self._workspace.active_file) != seen.promoted:
            return False
        # The promoted run may have come back.
        if seen.without is not None and _version(self._workspace.runs) != seen.without:
            return False
        version = _version(seen.card_file)
        # A resumed training has no model for the moment in which its new one replaces the old one.
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
    """Versions of the files on disk before a predictor was loaded.

    `folder`: the one that holds the model's. `without`: of the folder of all runs, if the promoted run was not in it.
    """

    promoted: _Version | None
    card_file: Path
    card: _Version | None
    folder: Path
    without: _Version | None


def _version(path: Path) -> _Version | None:
    """Return a value that changes whenever the file is replaced; None if there is no file."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_ino
