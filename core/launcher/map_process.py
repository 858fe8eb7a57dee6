"""Starts the process that computes a map in the background."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from core.classifier.bundle import Bundle
from core.environment import python_environment
from core.errors import RunError
from core.explain.map_file import bundle_fingerprint, map_file
from core.runs.process import is_held, worker_lock
from core.storage import make_folder
from core.workspace import PROJECT, Workspace


def start_map(workspace: Workspace, bundle: Bundle, dataset_id: str) -> None:
    """Start to compute the map of a dataset by a model, unless a process is computing it already.

    Raises BundleError if the model cannot be read, StorageError if the cache cannot be written, and RunError if no
    process can be started.
    """
    if is_computing(workspace, bundle, dataset_id):
        return
    log_file = _log_file(workspace, bundle, dataset_id)
    make_folder(log_file.parent)
    with worker_lock(log_file) as lock:
        if lock is None:
            return
        try:
            subprocess.Popen(
                [sys.executable, "-m", "core.explain.map_worker", str(bundle.folder), dataset_id],
                cwd=PROJECT,
                env=python_environment(TRAZO_WORKSPACE=str(workspace.root)),
                stdin=subprocess.DEVNULL,
                # The process holds the lock of its log as long as it lives.
                stdout=lock,
                stderr=lock,
                start_new_session=True,
            )
        except OSError as error:
            raise RunError("The map's process could not be started. Close other programs and try again.") from error


def is_computing(workspace: Workspace, bundle: Bundle, dataset_id: str) -> bool:
    """Return True if a process is computing this map; raises BundleError if the model cannot be read."""
    return is_held(_log_file(workspace, bundle, dataset_id))


def _log_file(workspace: Workspace, bundle: Bundle, dataset_id: str) -> Path:
    return map_file(workspace, dataset_id, bundle_fingerprint(bundle)).with_suffix(".log")
