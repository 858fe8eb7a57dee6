"""Starts the worker process that exports a model or compares the ways of running it."""

from __future__ import annotations

import subprocess
import sys
import tempfile

from core.classifier.bundle import Bundle
from core.environment import python_environment
from core.errors import ExportError
from core.exports.folder import Exports, Job, Task, lock_file, log_file, remove_old_files, write_job
from core.exports.parity import Parity, read_parity, write_parity
from core.language import Message
from core.runs.process import worker_lock
from core.storage import make_folder, open_file, storage_errors
from core.workspace import PROJECT, Workspace


def start_export(workspace: Workspace, bundle: Bundle, task: Task, drawing: bytes | None = None) -> Exports:
    """Start a worker for a task; `Exports.state` then returns its state.

    `drawing`: an encoded picture to compare the ways of running the model on, besides the fixed images. Raises
    ExportError if another worker is running or if no process can be started, BundleError, or StorageError.
    """
    exports = Exports(workspace, bundle)
    make_folder(workspace.exports)
    with worker_lock(lock_file(workspace)) as lock:
        if lock is None:
            raise ExportError(Message("Another model is being exported or compared. Try again in a minute."))
        remove_old_files(workspace, exports.network)
        with storage_errors(workspace.exports):
            # If the worker is killed, an earlier result must not look like this job's.
            exports.file(task).unlink(missing_ok=True)
        write_job(workspace, Job(network=exports.network, task=task))
        _start(workspace, bundle, task, drawing, lock)
    return exports


def store_parity(workspace: Workspace, exports: Exports, report: Parity) -> None:
    """Store `report`, which adds ways to the stored comparison.

    Does nothing if a worker is running, or if another comparison has been stored in the meantime.
    """
    with worker_lock(lock_file(workspace)) as lock:
        stored = read_parity(exports.file("parity"))
        if lock is not None and stored is not None and stored.has_same_pictures_as(report):
            write_parity(exports.file("parity"), report)


def _start(workspace: Workspace, bundle: Bundle, task: Task, drawing: bytes | None, lock: int) -> None:
    """Start the worker, which inherits the lock and reads the drawing from its standard input."""
    with storage_errors(log_file(workspace)), open_file(log_file(workspace), "wb") as log:
        try:
            with tempfile.TemporaryFile() as picture:
                picture.write(drawing or b"")
                picture.seek(0)
                subprocess.Popen(
                    [sys.executable, "-m", "core.cli.export_worker", task, str(bundle.folder.absolute())],
                    cwd=PROJECT,
                    env=python_environment(TRAZO_WORKSPACE=str(workspace.root)),
                    stdin=picture,
                    stdout=log,
                    stderr=log,
                    pass_fds=(lock,),
                    # A separate session keeps Ctrl-C and the dashboard's exit from reaching the worker.
                    start_new_session=True,
                )
        except OSError as error:
            raise ExportError(
                Message("The export process could not be started. Close other programs and try again.")
            ) from error
