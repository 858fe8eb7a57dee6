"""A background process that computes a file for the workspace's cache; its log is also its lock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from core.environment import python_environment
from core.errors import RunError
from core.language import Message
from core.runs.process import is_held, worker_lock
from core.storage import make_folder
from core.workspace import PROJECT, Workspace

MAX_PROCESSES = 2
"""Maximum number of processes at a time; each takes up to 350 MB of memory."""


def start(workspace: Workspace, log_file: Path, module: str, *arguments: str) -> None:
    """Start a module with these arguments, unless a process with the same log is running.

    Raises StorageError if the cache cannot be written, and RunError if no process can be started or MAX_PROCESSES are
    running.
    """
    if is_running(log_file):
        return
    make_folder(log_file.parent)
    if sum(is_running(other) for other in log_file.parent.glob("*.log")) >= MAX_PROCESSES:
        raise RunError(Message("Other results are being computed in the background. Try again in a minute."))
    with worker_lock(log_file) as lock:
        if lock is None:
            return
        try:
            subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=PROJECT,
                env=python_environment(TRAZO_WORKSPACE=str(workspace.root)),
                stdin=subprocess.DEVNULL,
                # The process holds the lock on its log for as long as it lives.
                stdout=lock,
                stderr=lock,
                start_new_session=True,
            )
        except OSError as error:
            raise RunError(
                Message("The background process could not be started. Close other programs and try again.")
            ) from error


def is_running(log_file: Path) -> bool:
    """Return True if the process with this log is running."""
    return is_held(log_file)
