"""A sweep on disk: its folder, its files, and its state."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from core.errors import StorageError, SweepError, SweepNotFound
from core.language import Message
from core.records import Record
from core.runs.process import is_held
from core.storage import atomic_write, open_file, read_file, storage_errors
from core.sweeps.records import Progress, SweepSettings, SweepStatus

_Record = TypeVar("_Record", bound=Record)


@dataclass(frozen=True)
class Sweep:
    """The folder of a sweep; its name is the sweep's id."""

    folder: Path

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def settings_file(self) -> Path:
        return self.folder / "sweep.json"

    @property
    def status_file(self) -> Path:
        return self.folder / "status.json"

    @property
    def progress_file(self) -> Path:
        return self.folder / "trials.json"

    @property
    def journal_file(self) -> Path:
        """Optuna's journal."""
        return self.folder / "journal.log"

    @property
    def log_file(self) -> Path:
        """The log of the sweep's process; the process holds it as its lock."""
        return self.folder / "sweep.log"

    @property
    def stop_file(self) -> Path:
        return self.folder / "stop"

    @property
    def process_file(self) -> Path:
        return self.folder / "process.json"

    @property
    def machine_file(self) -> Path:
        """The random name of this workspace in a study that several machines share."""
        return self.folder / "machine"

    @property
    def alive(self) -> bool:
        """True if the sweep's process is running or is being started."""
        return is_held(self.log_file)

    def settings(self) -> SweepSettings:
        """Read the settings; raises SweepError if they are damaged, SweepNotFound if there is no such sweep."""
        return self._read(self.settings_file, SweepSettings)

    def write_settings(self, settings: SweepSettings) -> None:
        self._write(self.settings_file, settings)

    def status(self) -> SweepStatus:
        """Read the status; raises SweepError if it is damaged, SweepNotFound if there is no such sweep."""
        status = self._read(self.status_file, SweepStatus)
        if status.state == "running" and not self.alive:
            # The process may have written its final status after the first read.
            status = self._read(self.status_file, SweepStatus)
            if status.state == "running":
                message = Message("The process of this sweep ended unexpectedly. Resume the sweep to go on.")
                return status.model_copy(update={"state": "interrupted", "message": message})
        return status

    @property
    def running(self) -> bool:
        """True if the sweep is running; False if its status cannot be read."""
        try:
            return self.status().state == "running"
        except SweepError:
            return False

    def write_status(self, status: SweepStatus) -> None:
        self._write(self.status_file, status.model_copy(update={"updated": time.time()}))

    def write_final_status(self, status: SweepStatus) -> None:
        """Replace the status. If the disk is too full for a new file, overwrite the old one."""
        try:
            self.write_status(status)
        except StorageError:
            updated = status.model_copy(update={"updated": time.time()})
            with storage_errors(self.status_file), open_file(self.status_file, "r+") as file:
                file.write(updated.model_dump_json() + "\n")
                file.truncate()

    def progress(self) -> Progress:
        """Read the trials; there are none before the first one. Raises SweepError if the file is damaged."""
        if not self.progress_file.exists():
            return Progress()
        return self._read(self.progress_file, Progress)

    def readable_progress(self) -> Progress:
        """Read the trials; there are none if the file is damaged, because the process can rewrite it."""
        try:
            return self.progress()
        except SweepError:
            return Progress()

    def write_progress(self, progress: Progress) -> None:
        self._write(self.progress_file, progress)

    def _read(self, path: Path, record: type[_Record]) -> _Record:
        try:
            return record.model_validate_json(read_file(path))
        except FileNotFoundError as error:
            raise SweepNotFound(self.id) from error
        except (OSError, ValidationError) as error:
            message = Message(
                "The file {file} of sweep {sweep} is damaged. Delete the sweep; its runs are kept.",
                file=path.name,
                sweep=self.id,
            )
            raise SweepError(message, self.id) from error

    @staticmethod
    def _write(path: Path, record: Record) -> None:
        with atomic_write(path) as temporary:
            temporary.write_text(record.model_dump_json() + "\n")
