"""The exported files of each network in the workspace's cache, and the job that creates one of them."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from core.classifier.bundle import UNREADABLE, Bundle, file_error
from core.classifier.network import network_fingerprint
from core.language import Message
from core.records import Record
from core.runs.process import is_held
from core.storage import atomic_write, modification_time_ns, read_file, remove, storage_errors
from core.workspace import Workspace

Format = Literal["onnx", "savedmodel", "zip"]
Task = Literal["onnx", "savedmodel", "zip", "parity"]

FORMAT_NAMES: dict[Format, str] = {"onnx": "ONNX", "savedmodel": "SavedModel", "zip": "ZIP"}

FILE_NAMES: dict[Task, str] = {
    "onnx": "mnist_model.onnx",
    "savedmodel": "mnist_model.savedmodel.zip",
    "zip": "mnist_model.reader.zip",
    "parity": "parity.json",
}

MAX_FOLDERS = 20
"""Maximum number of networks whose exports are kept; each takes about 2 MB."""

_INTERRUPTED = Message("The process ended unexpectedly. Try again; if this happens again, close other programs first.")


class Job(Record):
    """The most recently started job: its network, its task, and its error message, if any."""

    network: str
    task: Task
    problem: Message | None = None


@dataclass(frozen=True)
class TaskState:
    """The state of a task for one network.

    `file`: its result, or None before there is one. `running`: True while a worker runs it. `problem`: why the last
    attempt failed. `busy`: True while a worker runs any task, so that no other can start.
    """

    file: Path | None
    running: bool
    problem: Message | None
    busy: bool


class Exports:
    """The exported files of one bundle's network. Nothing is created until a job starts."""

    def __init__(self, workspace: Workspace, bundle: Bundle) -> None:
        """Identify the network by its LiteRT file; raises BundleError if that is missing."""
        try:
            self.network = network_fingerprint(read_file(bundle.tflite_file))
        except OSError as error:
            raise file_error(bundle.tflite_file, UNREADABLE) from error
        self.folder = workspace.exports / self.network
        self._workspace = workspace

    def file(self, task: Task) -> Path:
        """Return the path of a task's result."""
        return self.folder / FILE_NAMES[task]

    def state(self, task: Task) -> TaskState:
        """Return the state of a task."""
        busy = is_held(lock_file(self._workspace))
        # Read the file after the lock, so that the result of a job that ends in between is found.
        file = self.file(task) if self.file(task).is_file() else None
        job = read_job(self._workspace)
        if job is None or (job.network, job.task) != (self.network, task):
            return TaskState(file, False, None, busy)
        if busy:
            return TaskState(file, True, None, True)
        return TaskState(file, False, job.problem or (None if file else _INTERRUPTED), False)


def lock_file(workspace: Workspace) -> Path:
    """Return the path of the lock that a worker holds; only one worker runs at a time."""
    return workspace.exports / "worker.lock"


def log_file(workspace: Workspace) -> Path:
    """Return the path of the last worker's log."""
    return workspace.exports / "worker.log"


def read_job(workspace: Workspace) -> Job | None:
    """Return the most recently started job, or None if there is none or its record is damaged."""
    try:
        return Job.model_validate_json(read_file(_job_file(workspace)))
    except (OSError, ValidationError):
        return None


def write_job(workspace: Workspace, job: Job) -> None:
    """Record a job, or the error of the job in progress."""
    with atomic_write(_job_file(workspace), durable=False) as temporary:
        temporary.write_text(job.model_dump_json() + "\n")


def remove_old_files(workspace: Workspace, current_network: str) -> None:
    """Remove the leftovers of killed workers, and the oldest folders beyond MAX_FOLDERS except `current_network`'s.

    Call this only while holding the lock.
    """
    with storage_errors(workspace.exports):
        for leftover in [*workspace.exports.glob(".*"), *workspace.exports.glob("*/.*")]:
            with suppress(FileNotFoundError):
                remove(leftover)
        folders = [path for path in workspace.exports.iterdir() if path.is_dir() and path.name != current_network]
        folders.sort(key=modification_time_ns, reverse=True)
        for folder in folders[MAX_FOLDERS - 1 :]:
            shutil.rmtree(folder)


def _job_file(workspace: Workspace) -> Path:
    return workspace.exports / "job.json"
