"""Helpers to wait for, find and kill worker processes."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from core.errors import RunError
from core.exports.folder import lock_file
from core.launcher.queue import remove_from_queue
from core.runs.process import is_held
from core.runs.registry import list_runs
from core.runs.run import Run
from core.workspace import Workspace
from tests.support.waiting import wait_until

WORKER_SECONDS = 90.0
"""Limit on CPU time, many times what a tiny training run needs."""

PATIENCE_SECONDS = 3600.0
"""Longer than any test's own timeout."""


def kill_worker(run: Run) -> None:
    """Kill a run's worker as `kill -9` does; return once it has ended."""
    os.kill(int(json.loads(run.process_file.read_text())["pid"]), signal.SIGKILL)
    wait_until(lambda: not run.alive, what="the end of the worker")


def wait_for_end(run: Run) -> None:
    """Wait until a run and its worker have ended, however slow the machine is."""
    wait_for(run, lambda: run.status().has_ended and not run.alive, "its end")


def wait_for(run: Run, condition: Callable[[], object], what: str) -> None:
    """Wait until a run's worker has met a condition, however slow the machine is.

    The limit applies to CPU time rather than clock time, because a worker may get little CPU time.
    """
    limit = _cpu_seconds(run) + WORKER_SECONDS
    wait_until(lambda: condition() or _cpu_seconds(run) > limit, PATIENCE_SECONDS, f"{what} ({run.id})")
    assert condition(), f"no {what} after {WORKER_SECONDS} s of CPU time:\n{run.log_tail()}"


def _cpu_seconds(run: Run) -> float:
    """Return the CPU time of a run's worker; 0 if it has none."""
    process = run.process()
    try:
        return sum(process.cpu_times()[:2]) if process else 0.0
    except psutil.NoSuchProcess:
        return 0.0


def workers_in(folder: Path) -> list[psutil.Process]:
    """Return all worker processes of runs in this folder, recorded or not."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if _is_session_leader(process.pid)
        and any(word.startswith(str(folder)) for word in process.info["cmdline"] or ())
    ]


def _is_session_leader(pid: int) -> bool:
    """Return True for a session leader: a worker is a session leader, and the processes that it starts are not."""
    try:
        return os.getsid(pid) == pid
    except ProcessLookupError:
        return False


def end_all(workspace: Workspace) -> None:
    """Empty the queue and kill all workers."""
    for run in reversed(list_runs(workspace)):
        with suppress(RunError):
            if run.status().state == "queued":
                remove_from_queue(workspace, run)
    for run in list_runs(workspace):
        wait_until(lambda run=run: _kill_workers(run), what="the end of the workers")


def _kill_workers(run: Run) -> bool:
    """Kill a run's worker, even one that is not recorded yet; return True if none is left."""
    if not run.alive:
        return True
    for worker in workers_in(run.folder):
        with suppress(psutil.NoSuchProcess):
            worker.kill()
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(int(json.loads(run.process_file.read_text())["pid"]), signal.SIGKILL)
    return not run.alive


def kill_export_workers(workspace: Workspace) -> None:
    """Kill the export workers of this workspace, and wait until the lock is free."""
    wait_until(lambda: _kill_export_workers(workspace), what="the end of the worker")


def _kill_export_workers(workspace: Workspace) -> bool:
    """Kill all running export workers; return True if the lock is free."""
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            if child.environ().get("TRAZO_WORKSPACE") == str(workspace.root):
                child.kill()
    return not is_held(lock_file(workspace))
