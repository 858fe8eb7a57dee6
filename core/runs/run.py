"""A run on disk: its files, their formats, and its state."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import psutil
from pydantic import ValidationError

from core.classifier.bundle import Bundle
from core.classifier.learning import EpochPredictions, read_epoch_predictions, write_epoch_predictions
from core.config import TrainingConfig, config_from_json
from core.errors import ConfigError, RunError, RunNotFound, StorageError
from core.runs.process import WorkerRecord, is_held
from core.runs.status import Status
from core.runs.tables import HISTORY_COLUMNS, STEP_COLUMNS, read_rows
from core.storage import NotRegularFile, atomic_write, open_file, read_file, storage_errors

LOG_TAIL_BYTES = 64 * 1024
MAX_LOG_BYTES = 10 * 2**20
"""The older half of a larger log is dropped."""


@dataclass(frozen=True)
class Run:
    """The folder of a run; its name is the run's id."""

    folder: Path

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def created_file(self) -> Path:
        return self.folder / "created.json"

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
    def epoch_predictions_file(self) -> Path:
        return self.folder / "answers.npz"

    @property
    def log_file(self) -> Path:
        return self.folder / "train.log"

    @property
    def checkpoint_file(self) -> Path:
        return self.folder / "checkpoint.npz"

    @property
    def teachers(self) -> Path:
        """Copies of the teachers' networks: the teachers' runs may be deleted before this run is resumed."""
        return self.folder / "teachers"

    @property
    def stop_file(self) -> Path:
        return self.folder / "stop"

    @property
    def lock_file(self) -> Path:
        """The lock that a worker inherits from the process that starts it, and holds until it ends.

        `is_held` holds it, too, for a few microseconds.
        """
        return self.folder / "worker.lock"

    @property
    def stopping(self) -> bool:
        """True if the run was asked to stop and has not ended yet."""
        return self.stop_file.exists()

    @property
    def bundle(self) -> Bundle:
        return Bundle(self.folder / "model")

    @property
    def title(self) -> str:
        """The memorable part of the id, such as `quiet-otter`."""
        return self.id.split("-", 2)[-1]

    def config(self) -> TrainingConfig:
        """Read the config; raises RunError if it is missing or damaged, or cannot be read."""
        try:
            return config_from_json(read_file(self.config_file).decode())
        except (OSError, UnicodeDecodeError, ConfigError) as error:
            raise self._read_error(self.config_file, error, self._unusable(self.config_file)) from error

    def write_config(self, config: TrainingConfig) -> None:
        with atomic_write(self.config_file) as temporary:
            temporary.write_text(config.model_dump_json(indent=2) + "\n")

    def status(self) -> Status:
        """Read the status. A run whose worker died is `interrupted`, or `failed` if memory probably ran out.

        Raises RunError if the status cannot be read.
        """
        status = self._recorded_status()
        if status.state == "running" and not self.alive:
            # The worker may have recorded its end after the status was read.
            status = self._recorded_status()
            if status.state == "running":
                return status.model_copy(update=self._unexplained_end())
        return status

    def write_status(self, status: Status, durable: bool = True) -> None:
        """Replace the status; raises RunNotFound if the run was deleted, StorageError if the disk is full."""
        if not self.folder.is_dir():
            raise RunNotFound(self.id)
        with atomic_write(self.status_file, durable) as temporary:
            temporary.write_text(_to_json(status))

    def write_last_status(self, status: Status) -> None:
        """Replace the status. On a full disk, which has no room for a new file, overwrite the old one."""
        try:
            self.write_status(status)
        except StorageError:
            with storage_errors(self.status_file), open_file(self.status_file, "r+") as file:
                file.write(_to_json(status))
                file.truncate()

    @property
    def alive(self) -> bool:
        """True if a worker is running or just being started."""
        return is_held(self.lock_file)

    def process(self) -> psutil.Process | None:
        """Return the recorded worker; None if it has ended, even if another process has its process id."""
        record = self._read_worker()
        return record.process() if record else None

    def write_process(self, pid: int) -> None:
        """Record the worker with this process id; raises psutil.NoSuchProcess if it has ended."""
        record = WorkerRecord.of(pid)
        with atomic_write(self.process_file) as temporary:
            temporary.write_text(record.model_dump_json() + "\n")

    def history(self) -> pd.DataFrame:
        """Return one row per epoch with HISTORY_COLUMNS. Raises RunError if the file is damaged."""
        return self._read_table(self.history_file, HISTORY_COLUMNS)

    def steps(self) -> pd.DataFrame:
        """Return one row every few steps with STEP_COLUMNS; most rows have no validation metrics.

        Raises RunError if the file is damaged.
        """
        return self._read_table(self.steps_file, STEP_COLUMNS)

    def epoch_predictions(self) -> EpochPredictions | None:
        """Return the predictions for the validation split after each epoch.

        None before the end of the first epoch, and for runs of early versions. Raises RunError if the file is damaged.
        """
        try:
            return read_epoch_predictions(self.epoch_predictions_file)
        except ValueError as error:
            raise self._damaged(self.epoch_predictions_file) from error

    def write_epoch_predictions(self, predictions: EpochPredictions) -> None:
        """Replace the predictions for the validation split."""
        write_epoch_predictions(self.epoch_predictions_file, predictions)

    def log_tail(self) -> str:
        """Return the end of the worker's log, at most 64 kB; empty if it cannot be read."""
        try:
            with open_file(self.log_file) as file:
                file.seek(max(0, self.log_file.stat().st_size - LOG_TAIL_BYTES))
                content: bytes = file.read()
        except OSError:
            return ""
        return content.decode(errors="replace")

    def trim_log(self) -> None:
        """Keep only the newer half of a log that is longer than MAX_LOG_BYTES."""
        if not self.log_file.exists() or self.log_file.stat().st_size <= MAX_LOG_BYTES:
            return
        with storage_errors(self.log_file), open_file(self.log_file, "r+b") as file:
            file.seek(-MAX_LOG_BYTES // 2, os.SEEK_END)
            newer = file.read()
            file.seek(0)
            # The worker's output is appended, so it continues after the remaining half.
            file.truncate()
            file.write(b"(Older output was dropped to keep this log short.)\n" + newer[newer.find(b"\n") + 1 :])

    def _read_worker(self) -> WorkerRecord | None:
        try:
            return WorkerRecord.model_validate_json(read_file(self.process_file))
        except (OSError, ValidationError):
            return None

    def _unexplained_end(self) -> dict[str, str]:
        """Return the state and the message of a run whose worker died without recording why.

        "failed" is a guess: since the worker started, the system has killed a process for lack of memory.
        `record_interruptions` stores the guess, because a later kill or a reboot would change it.
        """
        state, message = "interrupted", "The training process ended unexpectedly"
        worker = self._read_worker()
        if worker and worker.memory_ran_out:
            state = "failed"
            message += ", probably because memory ran out: the system killed a process for lack of memory"
        if self.checkpoint_file.exists():
            return {"state": state, "message": f"{message}. Resume continues after the last completed epoch."}
        return {"state": state, "message": f"{message}. Resume starts it from the beginning."}

    def _recorded_status(self) -> Status:
        try:
            return Status.model_validate_json(read_file(self.status_file))
        except (OSError, ValidationError) as error:
            lost = isinstance(error, FileNotFoundError | ValidationError)
            # A power cut may damage the status, which is written without fsync. The checkpoint is written with it.
            if lost and self.checkpoint_file.exists() and not self.alive:
                message = "The file status.json was lost or damaged. Resume continues after the last completed epoch."
                return Status(state="interrupted", message=message)
            raise self._read_error(self.status_file, error, self._unusable(self.status_file)) from error

    def _read_table(self, path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
        try:
            return read_rows(path, columns)
        except (OSError, ValueError) as error:
            raise self._read_error(path, error, self._damaged(path)) from error

    def _read_error(self, path: Path, error: Exception, otherwise: RunError) -> RunError:
        """Return a RunError for a file that cannot be read now but may be intact; `otherwise` for all other errors."""
        if not isinstance(error, OSError) or isinstance(error, FileNotFoundError | IsADirectoryError | NotRegularFile):
            return otherwise
        reason = error.strerror or type(error).__name__
        return RunError(
            f"The file {path.name} of run {self.id} cannot be read ({reason}). Try again, or check its permissions.",
            self.id,
        )

    def _unusable(self, path: Path) -> RunError:
        return RunError(f"Run {self.id} has a missing or damaged {path.name}. Delete the run.", self.id)

    def _damaged(self, path: Path) -> RunError:
        return RunError(f"Run {self.id} has a damaged {path.name}. Its model can still be used.", self.id)


def _to_json(status: Status) -> str:
    return status.model_copy(update={"updated": time.time()}).model_dump_json(indent=2) + "\n"
