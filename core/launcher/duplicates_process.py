"""Starts the process that finds near duplicates in the background."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from core.data.datasets import Dataset
from core.environment import python_environment
from core.errors import RunError
from core.explain.duplicates_file import duplicates_file
from core.runs.process import is_held, worker_lock
from core.storage import make_folder
from core.workspace import PROJECT, Workspace


def start_search(workspace: Workspace, dataset: Dataset) -> None:
    """Start to find the near duplicates of a dataset, unless a process is doing so already.

    Raises StorageError if the cache cannot be written, and RunError if no process can be started.
    """
    if is_searching(workspace, dataset):
        return
    log_file = _log_file(workspace, dataset)
    make_folder(log_file.parent)
    with worker_lock(log_file) as lock:
        if lock is None:
            return
        try:
            subprocess.Popen(
                [sys.executable, "-m", "core.explain.duplicates_worker", dataset.id],
                cwd=PROJECT,
                env=python_environment(TRAZO_WORKSPACE=str(workspace.root)),
                stdin=subprocess.DEVNULL,
                # The process holds the lock of its log as long as it lives.
                stdout=lock,
                stderr=lock,
                start_new_session=True,
            )
        except OSError as error:
            raise RunError("The search could not be started. Close other programs and try again.") from error


def is_searching(workspace: Workspace, dataset: Dataset) -> bool:
    """Return True if a process is finding the near duplicates of this dataset."""
    return is_held(_log_file(workspace, dataset))


def has_failed(workspace: Workspace, dataset: Dataset) -> bool:
    """Return True if a search has ended without a result."""
    return (
        _log_file(workspace, dataset).exists()
        and not is_searching(workspace, dataset)
        and not duplicates_file(workspace, dataset).exists()
    )


def _log_file(workspace: Workspace, dataset: Dataset) -> Path:
    return duplicates_file(workspace, dataset).with_suffix(".log")
