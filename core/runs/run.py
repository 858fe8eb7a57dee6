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
from core.language import Message
from core.runs.process import WorkerRecord, is_held
from core.runs.status import UNEXPECTED_END_MESSAGES, Status
from core.runs.tables import HISTORY_COLUMNS, STEP_COLUMNS, read_rows
from core.storage import (
    NotRegularFile,
    atomic_write,
    file_size,
    is_gone,
    open_file,
    read_file,
    storage_errors,
    system_reason,
)

LOG_TAIL_BYTES = 64 * 1024
MAX_LOG_BYTES = 10 * 2**20
"""Maximum size of the log; when the log exceeds it, the older output is dropped."""
_MAX_REASON_BYTES = 1000


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
    def watched_file(self) -> Path:
        return self.folder / "watched.json"

    @property
    def drawing_file(self) -> Path:
        return self.folder / "drawing.npz"

    @property
    def fine_tuning_file(self) -> Path:
        """The model and the hand of a fine-tuned run; a run that was trained from scratch has no such file."""
        return self.folder / "fine_tuning.json"

    @property
    def trial_file(self) -> Path:
        """The mark of a run that belongs to a sweep."""
        return self.folder / "trial.json"

    @property
    def trial_result_file(self) -> Path:
        """The measurements of a sweep's finished search run."""
        return self.folder / "trial_result.json"

    @property
    def log_file(self) -> Path:
        return self.folder / "train.log"

    @property
    def checkpoint_file(self) -> Path:
        return self.folder / "checkpoint.npz"

    @property
    def teachers_folder(self) -> Path:
        """Copies of the teachers' networks: the teachers' runs may be deleted before this run is resumed."""
        return self.folder / "teachers"

    @property
    def stop_file(self) -> Path:
        return self.folder / "stop"

    @property
    def lock_file(self) -> Path:
        """The lock that a worker inherits from the process that starts it, and holds until it exits.

        `is_held` also takes it, very briefly, in order to test it.
        """
        return self.folder / "worker.lock"

    @property
    def stop_requested(self) -> bool:
        """True if the run was asked to stop and is still running."""
        return self.stop_file.exists()

    @property
    def stop_reason(self) -> Message:
        """The message that `request_stop` was given for the run, or an empty one."""
        try:
            return Message(read_file(self.stop_file, _MAX_REASON_BYTES).decode(errors="replace").strip())
        except OSError:
            return Message("")

    @property
    def bundle(self) -> Bundle:
        return Bundle(self.folder / "model")

    @property
    def title(self) -> str:
        """The memorable part of the id, such as `quiet-otter`."""
        return self.id.split("-", 2)[-1]

    def config(self) -> TrainingConfig:
        """Read the config; raises RunError if it is missing, damaged or unreadable."""
        try:
            return config_from_json(read_file(self.config_file).decode())
        except (OSError, UnicodeDecodeError, ConfigError) as error:
            raise self._error_for(self.config_file, error, self._missing_or_damaged_error(self.config_file)) from error

    def write_config(self, config: TrainingConfig) -> None:
        with atomic_write(self.config_file) as temporary:
            temporary.write_text(config.model_dump_json(indent=2) + "\n")

    def status(self) -> Status:
        """Read the status. A run whose worker died is `interrupted`, or `failed` if it probably ran out of memory.

        Raises RunError if the status cannot be read.
        """
        status = self._recorded_status()
        if status.state == "running" and not self.alive:
            # The worker may have written its final status after the first read.
            status = self._recorded_status()
            if status.state == "running":
                return status.model_copy(update=self._unexplained_end())
        return status

    @property
    def started(self) -> float | None:
        """The start time of the run's worker as a Unix timestamp, or None if it is not recorded."""
        try:
            return self.status().started
        except RunError:
            return None

    def write_status(self, status: Status, durable: bool = True) -> None:
        """Replace the status; raises RunNotFound if the run was deleted, StorageError if it cannot be written."""
        if not self.folder.is_dir():
            raise RunNotFound(self.id)
        with atomic_write(self.status_file, durable) as temporary:
            temporary.write_text(_to_json(status))

    def write_final_status(self, status: Status) -> None:
        """Replace the status. If the disk is too full for a new file, overwrite the old one."""
        try:
            self.write_status(status)
        except StorageError:
            with storage_errors(self.status_file), open_file(self.status_file, "r+") as file:
                file.write(_to_json(status))
                file.truncate()

    @property
    def alive(self) -> bool:
        """True if a worker is running or is being started."""
        return is_held(self.lock_file)

    def process(self) -> psutil.Process | None:
        """Return the worker's process, or None if it has exited, even if another process now has its process id."""
        record = self._read_worker()
        return record.process() if record else None

    def write_process(self, pid: int) -> None:
        """Record the worker with this process id; raises psutil.NoSuchProcess if it has exited."""
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

        Returns None before the end of the first epoch, and for runs from early versions. Raises RunError if the file is
        damaged.
        """
        try:
            return read_epoch_predictions(self.epoch_predictions_file)
        except ValueError as error:
            raise self._damaged_error(self.epoch_predictions_file) from error

    def write_epoch_predictions(self, predictions: EpochPredictions) -> None:
        """Replace the predictions for the validation split."""
        write_epoch_predictions(self.epoch_predictions_file, predictions)

    def log_tail(self) -> str:
        """Return the end of the worker's log, at most 64 kB, or an empty string if the log cannot be read."""
        try:
            with open_file(self.log_file) as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - LOG_TAIL_BYTES))
                content: bytes = file.read()
        except OSError:
            return ""
        return content.decode(errors="replace")

    def trim_log(self) -> None:
        """If the log exceeds MAX_LOG_BYTES, keep only its last MAX_LOG_BYTES / 2 bytes."""
        if file_size(self.log_file) <= MAX_LOG_BYTES:
            return
        with storage_errors(self.log_file), open_file(self.log_file, "r+b") as file:
            file.seek(-MAX_LOG_BYTES // 2, os.SEEK_END)
            tail = file.read()
            file.seek(0)
            # The worker writes in append mode, so its next output goes to the new end of the file.
            file.truncate()
            file.write(b"(Older output was removed to limit the size of this log.)\n" + tail[tail.find(b"\n") + 1 :])

    def _read_worker(self) -> WorkerRecord | None:
        try:
            return WorkerRecord.model_validate_json(read_file(self.process_file))
        except (OSError, ValidationError):
            return None

    def _unexplained_end(self) -> dict[str, str]:
        """Return the state and the message of a run whose worker died without recording why.

        "failed" is a guess, based on an out-of-memory (OOM) kill since the worker started; another process may
        have been killed. `record_interruptions` stores the guess, because a later kill or a reboot would change
        it.
        """
        worker = self._read_worker()
        killed = bool(worker and worker.oom_kill_since_start)
        message = UNEXPECTED_END_MESSAGES[killed, self.checkpoint_file.exists()]
        return {"state": "failed" if killed else "interrupted", "message": message}

    def _recorded_status(self) -> Status:
        try:
            return Status.model_validate_json(read_file(self.status_file))
        except (OSError, ValidationError) as error:
            missing_or_damaged = isinstance(error, FileNotFoundError | ValidationError)
            # The status is written without fsync, so a power cut may damage it; the checkpoint is fsynced.
            if missing_or_damaged and self.checkpoint_file.exists() and not self.alive:
                message = Message(
                    "The file status.json is missing or damaged. Resume the run to continue from the last "
                    "completed epoch."
                )
                return Status(state="interrupted", message=message)
            raise self._error_for(self.status_file, error, self._missing_or_damaged_error(self.status_file)) from error

    def _read_table(self, path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
        try:
            return read_rows(path, columns)
        except (OSError, ValueError) as error:
            raise self._error_for(path, error, self._damaged_error(path)) from error

    def _error_for(self, path: Path, error: Exception, damage_error: RunError) -> RunError:
        """Return a "cannot be read" error if the failure may be temporary; otherwise return `damage_error`."""
        if not isinstance(error, OSError) or isinstance(error, FileNotFoundError | IsADirectoryError | NotRegularFile):
            return damage_error
        return RunError(
            Message(
                "The file {file} of run {run} cannot be read ({reason}). Try again, or check its permissions.",
                file=path.name,
                run=self.id,
                reason=system_reason(error),
            ),
            self.id,
        )

    def _missing_or_damaged_error(self, path: Path) -> RunError:
        if is_gone(self.folder):
            return RunNotFound(self.id)
        return RunError(
            Message("The file {file} of run {run} is missing or damaged. Delete the run.", file=path.name, run=self.id),
            self.id,
        )

    def _damaged_error(self, path: Path) -> RunError:
        message = Message(
            "The file {file} of run {run} is damaged. The run's model can still be used.", file=path.name, run=self.id
        )
        return RunError(message, self.id)


def _to_json(status: Status) -> str:
    return status.model_copy(update={"updated": time.time()}).model_dump_json(indent=2) + "\n"
