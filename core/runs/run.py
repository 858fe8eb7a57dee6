"""One training on disk: its files, their formats, and what state it is in."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import psutil
from pydantic import ValidationError

from core.classifier.bundle import Bundle
from core.classifier.learning import EpochAnswers, read_answers, write_answers
from core.config import TrainingConfig, config_from_json
from core.errors import ConfigError, RunError, RunNotFound, StorageError
from core.runs.process import WorkerRecord, is_held
from core.runs.status import Status
from core.runs.tables import HISTORY_COLUMNS, STEP_COLUMNS, read_rows
from core.storage import replacing, storage_errors

LOG_TAIL_BYTES = 64 * 1024
LOG_BYTES = 10 * 2**20
"""A log that grows longer loses its older half."""


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
    def teachers(self) -> Path:
        """Its own copies of its teachers' networks: their runs may be deleted before this one goes on."""
        return self.folder / "teachers"

    @property
    def stop_file(self) -> Path:
        return self.folder / "stop"

    @property
    def lock_file(self) -> Path:
        """Held by the launcher while it starts a worker, which inherits it and holds it until it is gone.

        Whoever looks whether it is held shares it for some microseconds.
        """
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
        """Read the config; raises RunError when it is missing, damaged or cannot be read."""
        try:
            return config_from_json(self.config_file.read_text())
        except (OSError, UnicodeDecodeError, ConfigError) as error:
            raise self._unreadable(self.config_file, error, self._useless(self.config_file)) from error

    def write_config(self, config: TrainingConfig) -> None:
        with replacing(self.config_file) as temporary:
            temporary.write_text(config.model_dump_json(indent=2) + "\n")

    def status(self) -> Status:
        """Read the status; a run whose worker is gone is `interrupted`, or `failed` for want of memory.

        Raises RunError when it cannot be read.
        """
        status = self._recorded_status()
        if status.state == "running" and not self.alive:
            # The worker may have ended well between the two looks.
            status = self._recorded_status()
            if status.state == "running":
                return status.model_copy(update=self._end_without_a_word())
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
        """Whether a worker is at work, or just being started."""
        return is_held(self.lock_file)

    def process(self) -> psutil.Process | None:
        """The worker on record while it runs; never another process that got its number."""
        record = self._worker()
        return record.process() if record else None

    def write_process(self, pid: int) -> None:
        """Put the worker with this process number on record; raises psutil.NoSuchProcess when it is gone."""
        record = WorkerRecord.of(pid)
        with replacing(self.process_file) as temporary:
            temporary.write_text(record.model_dump_json() + "\n")

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
        """The end of the worker's log, at most 64 kB; empty where it cannot be read."""
        try:
            with self.log_file.open("rb") as file:
                file.seek(max(0, self.log_file.stat().st_size - LOG_TAIL_BYTES))
                return file.read().decode(errors="replace")
        except OSError:
            return ""

    def cut_log(self) -> None:
        """Keep only the newer half of a log that has become longer than LOG_BYTES."""
        if not self.log_file.exists() or self.log_file.stat().st_size <= LOG_BYTES:
            return
        with storage_errors(self.log_file), self.log_file.open("r+b") as file:
            file.seek(-LOG_BYTES // 2, os.SEEK_END)
            newer = file.read()
            file.seek(0)
            # The worker's own output is appended: it goes on behind what is left.
            file.truncate()
            file.write(b"(What was printed before was too long to be kept.)\n" + newer[newer.find(b"\n") + 1 :])

    def _worker(self) -> WorkerRecord | None:
        try:
            return WorkerRecord.model_validate_json(self.process_file.read_bytes())
        except (OSError, ValidationError):
            return None

    def _end_without_a_word(self) -> dict[str, str]:
        """The state of a run whose worker is gone and has not said why, and what to say of it.

        "failed" is a guess from what this machine has killed for its memory since; the dashboard writes down what it
        finds, for the signs of it are soon covered by what happens next.
        """
        state, message, worker = "interrupted", "The training process ended before its time", self._worker()
        if worker and worker.memory_ran_out:
            state, message = "failed", f"{message}, most likely for want of memory: the system ended a process for that"
        if self.checkpoint_file.exists():
            return {"state": state, "message": f"{message}. Resume goes on after the last whole epoch."}
        return {"state": state, "message": f"{message}. Resume starts it again; no epoch was complete."}

    def _recorded_status(self) -> Status:
        try:
            return Status.model_validate_json(self.status_file.read_bytes())
        except (OSError, ValidationError) as error:
            lost = isinstance(error, FileNotFoundError | ValidationError)
            # As a power cut may leave it, which it is not kept safe from: what the training had is whole all the same.
            if lost and self.checkpoint_file.exists() and not self.alive:
                message = "The file status.json was lost or damaged. Resume goes on after the last whole epoch."
                return Status(state="interrupted", message=message)
            raise self._unreadable(self.status_file, error, self._useless(self.status_file)) from error

    def _table(self, path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
        try:
            return read_rows(path, columns)
        except (OSError, ValueError) as error:
            raise self._unreadable(path, error, self._damaged(path)) from error

    def _unreadable(self, path: Path, error: Exception, otherwise: RunError) -> RunError:
        """What to say of a file that gives nothing: one that cannot be opened just now may be whole."""
        if not isinstance(error, OSError) or isinstance(error, FileNotFoundError | IsADirectoryError):
            return otherwise
        why = error.strerror or type(error).__name__
        return RunError(
            f"The file {path.name} of run {self.id} cannot be read ({why}). Try again, or look who may read it.",
            self.id,
        )

    def _useless(self, path: Path) -> RunError:
        return RunError(f"Run {self.id} has a missing or damaged {path.name}. Delete the run.", self.id)

    def _damaged(self, path: Path) -> RunError:
        return RunError(f"Run {self.id} has a damaged {path.name}. Its model can still be used.", self.id)


def _as_text(status: Status) -> str:
    return status.model_copy(update={"updated": time.time()}).model_dump_json(indent=2) + "\n"
