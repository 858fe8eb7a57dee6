"""Finds the workers that wait for a run."""

from __future__ import annotations

import psutil

from core.workspace import Workspace
from tests.support.waiting import wait_until

MODULE = "core.training.prepared_worker"


def waiting_workers(workspace: Workspace) -> list[psutil.Process]:
    """Return the processes on this machine that wait for a run of this workspace."""
    return [process for process in psutil.process_iter() if _is_waiting(process, workspace)]


def waiting_worker(workspace: Workspace) -> psutil.Process:
    """Return the only waiting worker, once it has been found: a new process has no command line for a moment."""
    (worker,) = wait_until(lambda: waiting_workers(workspace), what="a waiting worker")
    return worker


def _is_waiting(process: psutil.Process, workspace: Workspace) -> bool:
    try:
        return MODULE in process.cmdline() and process.environ().get("TRAZO_WORKSPACE") == str(workspace.root)
    except psutil.Error:  # it has just ended, or belongs to another user
        return False
