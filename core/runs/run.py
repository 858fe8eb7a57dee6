"""One training on disk: its files, their formats, and what state it is in."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd
import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from core.classifier.bundle import Bundle
from core.classifier.learning import EpochAnswers, read_answers, write_answers
from core.config import TrainingConfig, config_from_json
from core.errors import ConfigError, RunError, RunNotFound, StorageError
from core.runs.tables import HISTORY_COLUMNS, STEP_COLUMNS, read_rows
from core.workspace import replacing, storage_errors

State = Literal["queued", "running", "finished", "stopped", "failed", "interrupted"]
Phase = Literal["waiting", "starting", "training", "validating", "saving", "done"]

START_GRACE_SECONDS = 10.0
"""How long a run counts as alive between its start and the moment that its process is on record."""
LOG_TAIL_BYTES = 64 * 1024


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Status(_Record):
    """Where a run stands. `updated`, `started`, `ended`: seconds since 1970; `seconds`: of training so far.

    `epoch` and `step` count from 1 (0 before the first); `steps` is the number of steps in an epoch. `seconds_left`
    assumes that all epochs are needed.
    """

    state: State
    phase: Phase = "waiting"
    message: str = ""
    updated: float = 0.0
    started: float | None = None
    ended: float | None = None
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    seconds: float = 0.0
    seconds_left: float | None = None
    images_per_second: float | None = None

    @property
    def progress(self) -> float:
        """Share of all steps that are done, 0..1."""
        total = self.epochs * self.steps
        return min(1.0, (max(self.epoch - 1, 0) * self.steps + self.step) / total) if total else 0.0

    @property
    def over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state not in ("queued", "running")


class _Process(_Record):
    """A worker's process. The start time tells it from another process that got the same number later."""

    pid: int
    started: float


@dataclass(frozen=True)
class Run:
    """The folder of one training; its name is the run's id."""

    folder: Path

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def config_file(self) -> Path:
        return self.folder / "config.json"

    @property
    def status_file(self) -> Path:
        return self.folder / "status.json"

    @property
    def process_file(self) -> Path:
        return self.folder / "process.json"

    @property
    def history_file(self) -> Path:
        return self.folder / "history.csv"

    @property
    def steps_file(self) -> Path:
        return self.folder / "steps.csv"

    @property
    def answers_file(self) -> Path:
        return self.folder / "answers.npz"

    @property
    def log_file(self) -> Path:
        return self.folder / "train.log"

    @property
    def checkpoint_file(self) -> Path:
        return self.folder / "checkpoint.npz"

    @property
    def stop_file(self) -> Path:
        return self.folder / "stop"

    @property
    def lock_file(self) -> Path:
        """Held by the worker for as long as it lives."""
        return self.folder / "worker.lock"

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop and has not come to its end yet."""
        return self.stop_file.exists()

    @property
    def bundle(self) -> Bundle:
        return Bundle(self.folder / "model")

    @property
    def title(self) -> str:
        """The part of the id that a person remembers: `quiet-otter`."""
        return self.id.split("-", 2)[-1]

    def config(self) -> TrainingConfig:
        """Read the config; raises RunError when it is missing or damaged."""
        try:
            return config_from_json(self.config_file.read_text())
        except (OSError, UnicodeDecodeError, ConfigError) as error:
            raise RunError(f"Run {self.id} has a missing or damaged config.json. Delete the run.", self.id) from error

    def write_config(self, config: TrainingConfig) -> None:
        with replacing(self.config_file) as temporary:
            temporary.write_text(config.model_dump_json(indent=2) + "\n")

    def status(self) -> Status:
        """Read the status; a run whose worker is gone is `interrupted`. Raises RunError when the file is damaged."""
        status = self._recorded_status()
        if status.state == "running" and not self.alive:
            # The worker may have ended well between the two looks.
            status = self._recorded_status()
            if status.state == "running":
                message = "The training process ended before its time. "
                message += (
                    "Resume goes on after the last whole epoch."
                    if self.checkpoint_file.exists()
                    else "Resume starts it again; no epoch was complete."
                )
                return status.model_copy(update={"state": "interrupted", "message": message})
        return status

    def write_status(self, status: Status, durable: bool = True) -> None:
        """Replace the status; raises RunNotFound when the run's folder is gone, StorageError when the disk is full."""
        if not self.folder.is_dir():
            raise RunNotFound(self.id)
        with replacing(self.status_file, durable) as temporary:
            temporary.write_text(_as_text(status))

    def write_last_status(self, status: Status) -> None:
        """Replace the status, in its place on the disk where a full one has no room for another file."""
        try:
            self.write_status(status)
        except StorageError:
            with storage_errors(self.status_file), self.status_file.open("r+") as file:
                file.write(_as_text(status))
                file.truncate()

    @property
    def alive(self) -> bool:
        """Whether the worker on record is running; no other process that got its number is taken for it."""
        if not self.process_file.exists():
            try:
                return time.time() - self.status_file.stat().st_mtime < START_GRACE_SECONDS
            except OSError:
                return False
        return self.process() is not None

    def process(self) -> psutil.Process | None:
        """The worker on record while it runs; never another process that got its number."""
        try:
            record = _Process.model_validate_json(self.process_file.read_bytes())
            process = psutil.Process(record.pid)
            same = process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - record.started) < 1.0
        except (OSError, ValidationError, psutil.NoSuchProcess, psutil.AccessDenied):
            return None
        return process if same else None

    def write_process(self, pid: int) -> None:
        """Put the worker with this process number on record."""
        try:
            started = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            started = 0.0
        with replacing(self.process_file) as temporary:
            temporary.write_text(_Process(pid=pid, started=started).model_dump_json() + "\n")

    def history(self) -> pd.DataFrame:
        """A row an epoch, columns HISTORY_COLUMNS; empty before the first. Raises RunError when damaged."""
        return self._table(self.history_file, HISTORY_COLUMNS)

    def steps(self) -> pd.DataFrame:
        """A row every few steps, columns STEP_COLUMNS; validation only in some rows. Raises RunError when damaged."""
        return self._table(self.steps_file, STEP_COLUMNS)

    def answers(self) -> EpochAnswers | None:
        """What was said of the validation split after each epoch; None before the first, and in earlier versions' runs.

        Raises RunError when the file is damaged.
        """
        try:
            return read_answers(self.answers_file)
        except ValueError as error:
            raise self._damaged(self.answers_file) from error

    def write_answers(self, answers: EpochAnswers) -> None:
        """Replace what was said of the validation split."""
        write_answers(self.answers_file, answers)

    def log_tail(self) -> str:
        """The end of the worker's log, at most 64 kB."""
        try:
            with self.log_file.open("rb") as file:
                file.seek(max(0, self.log_file.stat().st_size - LOG_TAIL_BYTES))
                return file.read().decode(errors="replace")
        except FileNotFoundError:
            return ""

    def _recorded_status(self) -> Status:
        try:
            return Status.model_validate_json(self.status_file.read_bytes())
        except (OSError, ValidationError) as error:
            raise RunError(f"Run {self.id} has a missing or damaged status.json. Delete the run.", self.id) from error

    def _table(self, path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
        try:
            return read_rows(path, columns)
        except (OSError, ValueError) as error:
            raise self._damaged(path) from error

    def _damaged(self, path: Path) -> RunError:
        return RunError(f"Run {self.id} has a damaged {path.name}. Its model can still be used.", self.id)


def _as_text(status: Status) -> str:
    return status.model_copy(update={"updated": time.time()}).model_dump_json(indent=2) + "\n"
