"""The active model: the promoted run's, or the shipped one."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from core.classifier.bundle import Bundle
from core.classifier.number_reader import NumberReading, read_digit, read_number
from core.classifier.predictor import Predictor, Reading
from core.errors import BundleError, RunError, RunNotFound
from core.ink.canvas_strokes import Stroke
from core.ink.picture_ink import PictureInk
from core.language import Message
from core.records import Record
from core.runs.fine_tuning import read_fine_tuning
from core.runs.label import disambiguate, display_name
from core.runs.registry import find_run, list_runs
from core.runs.run import Run
from core.storage import FileVersion, atomic_write, file_version, is_gone, read_file, storage_errors
from core.workspace import SHIPPED_BUNDLE, Workspace

SHIPPED = "shipped"
"""The name of the model that comes with Trazo, used instead of a run id."""
SHIPPED_TITLE = Message("Shipped model")


class _Promotion(Record):
    """The contents of active.json."""

    run_id: str


@dataclass(frozen=True)
class ActiveModel:
    """The active model. `problem`: why the shipped model replaces the promoted one, or None if there is no problem."""

    run_id: str | None
    bundle: Bundle
    problem: str | None = None

    @property
    def name(self) -> str:
        return self.run_id or SHIPPED


def promote(workspace: Workspace, run: Run | None) -> None:
    """Make a run's model the active model; if `run` is None, the shipped model becomes active.

    Raises RunNotFound if the run was deleted, RunError if it has no complete model, BundleError if the model cannot be
    loaded.
    """
    # The lock keeps the run from being deleted in the meantime.
    with workspace.locked():
        if run is None:
            with storage_errors(workspace.active_file):
                workspace.active_file.unlink(missing_ok=True)
            return
        if is_gone(run.folder):
            raise RunNotFound(run.id)
        if not run.bundle.complete:
            raise RunError(
                Message(
                    "Run {run} has no finished model to promote. Let the run finish, or choose another run.", run=run.id
                ),
                run.id,
            )
        Predictor(run.bundle)
        with atomic_write(workspace.active_file) as temporary:
            temporary.write_text(_Promotion(run_id=run.id).model_dump_json() + "\n")


def active_model(workspace: Workspace) -> ActiveModel:
    """Return the promoted run's model, or the shipped one; works even if the workspace is damaged."""
    try:
        promoted = _Promotion.model_validate_json(read_file(workspace.active_file))
        run = find_run(workspace, promoted.run_id)
    except (FileNotFoundError, NotADirectoryError):
        return ActiveModel(None, Bundle(SHIPPED_BUNDLE))
    except (OSError, ValidationError, RunError):
        problem = Message("The promoted model was deleted or its record is damaged; the shipped model is in use.")
        return ActiveModel(None, Bundle(SHIPPED_BUNDLE), problem)
    return ActiveModel(run.id, run.bundle)


def available_models(workspace: Workspace) -> dict[str, Bundle]:
    """Return every complete model by name: `shipped`, then the run ids, newest first."""
    runs = {run.id: run.bundle for run in list_runs(workspace) if run.bundle.complete}
    return {SHIPPED: Bundle(SHIPPED_BUNDLE), **runs}


def original_model(workspace: Workspace, name: str) -> str:
    """Return the name of the model that a fine-tuned model was made from, or `name` itself for any other model.

    Raises RunError if the record of the fine-tuning is damaged.
    """
    runs = {run.id: run for run in list_runs(workspace)}
    while name in runs and (fine_tuning := read_fine_tuning(runs.pop(name).fine_tuning_file)):
        name = fine_tuning.base
    return name


def model_names(workspace: Workspace) -> dict[str, str]:
    """Return a distinct display name for the shipped model and each run, by `shipped` or the run id."""
    runs = {run.id: display_name(run) for run in list_runs(workspace)}
    return disambiguate({SHIPPED: SHIPPED_TITLE, **runs}) | {SHIPPED: SHIPPED_TITLE}


class ActivePredictor:
    """The predictor of the active model, reloaded whenever that model changes. Thread-safe."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._versions: _Versions | None = None
        self._loaded: tuple[ActiveModel, Predictor] | None = None

    def current(self) -> tuple[ActiveModel, Predictor]:
        """Return the active model and its predictor, or the shipped model if the promoted one cannot be loaded."""
        loaded = self._loaded
        if loaded is not None and self._is_current():
            return loaded
        with self._lock:
            if self._loaded is None or not self._is_current():
                self._loaded = self._load()
            return self._loaded

    def read(self, ink: np.ndarray | PictureInk, strokes: Sequence[Stroke] | None = None) -> Reading:
        """Read one digit with the active model; the parameters are those of `read_digit`."""
        return read_digit(self.current()[1], ink, strokes)

    def read_number(self, ink: np.ndarray | PictureInk, strokes: Sequence[Stroke] | None = None) -> NumberReading:
        """Read a number with the active model; the parameters are those of `read_digit`."""
        return read_number(self.current()[1], ink, strokes)

    def _is_current(self) -> bool:
        """Return True if the loaded model is still active and has not been trained further; calls `stat` twice."""
        versions = self._versions
        if versions is None or file_version(self._workspace.active_file) != versions.promotion:
            return False
        # The promoted run may have been restored.
        if versions.runs is not None and file_version(self._workspace.runs) != versions.runs:
            return False
        card = file_version(versions.card_file)
        # While a resumed run replaces its bundle, the card is missing for a moment.
        return card == versions.card or (card is None and not is_gone(versions.folder))

    def _load(self) -> tuple[ActiveModel, Predictor]:
        promotion = file_version(self._workspace.active_file)
        active = active_model(self._workspace)
        card_file = active.bundle.card_file
        runs = file_version(self._workspace.runs) if active.problem else None
        self._versions = _Versions(promotion, card_file, file_version(card_file), active.bundle.folder.parent, runs)
        try:
            return active, Predictor(active.bundle)
        except BundleError as error:
            if active.run_id is None:
                raise
            problem = Message("{reason} Until then, the shipped model is in use.", reason=error)
            shipped = ActiveModel(None, Bundle(SHIPPED_BUNDLE), problem)
            return shipped, Predictor(shipped.bundle)


@dataclass(frozen=True)
class _Versions:
    """The versions of the files on disk just before a predictor was loaded.

    `promotion` is the version of active.json. `folder` contains the bundle's folder. `runs` is the version of the
    folder of all runs if the promoted run was not found there, otherwise None.
    """

    promotion: FileVersion
    card_file: Path
    card: FileVersion
    folder: Path
    runs: FileVersion
