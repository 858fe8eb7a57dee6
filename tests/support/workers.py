"""Training processes in the tests' hands."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from core.errors import RunError
from core.launcher.queue import remove_from_queue
from core.runs.registry import list_runs
from core.runs.run import Run
from core.workspace import Workspace
from tests.support.waiting import wait_until

WORKER_SECONDS = 90.0
"""Processor time in which a tiny training ends many times over."""

PATIENCE_SECONDS = 3600.0
"""The test's own timeout comes first."""


def kill_worker(run: Run) -> None:
    """End a run's worker as `kill -9` does, and return when it is gone."""
    os.kill(int(json.loads(run.process_file.read_text())["pid"]), signal.SIGKILL)
    wait_until(lambda: not run.alive, what="the end of the worker")


def wait_for_end(run: Run) -> None:
    """Wait until a run and its worker have ended, however slow the machine is."""
    wait_for(run, lambda: run.status().over and not run.alive, "its end")


def wait_for(run: Run, condition: Callable[[], object], what: str) -> None:
    """Wait until a run's worker has reached a condition, however slow the machine is.

    The limit is on processor time, not on the clock: a worker may get little of the processor.
    """
    limit = _processor_seconds(run) + WORKER_SECONDS
    wait_until(lambda: condition() or _processor_seconds(run) > limit, PATIENCE_SECONDS, f"{what} ({run.id})")
    assert condition(), f"no {what} after {WORKER_SECONDS} s of processor time:\n{run.log_tail()}"


def _processor_seconds(run: Run) -> float:
    """Return the processor time of a run's worker; 0 without one."""
    process = run.process()
    try:
        return sum(process.cpu_times()[:2]) if process else 0.0
    except psutil.NoSuchProcess:
        return 0.0


def workers_in(folder: Path) -> list[psutil.Process]:
    """All processes that were started to train something in this folder, on record or not."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(word.startswith(str(folder)) for word in process.info["cmdline"] or ()) and _leads_a_session(process.pid)
    ]


def _leads_a_session(pid: int) -> bool:
    """As each worker does, and nothing that it starts."""
    try:
        return os.getsid(pid) == pid
    except ProcessLookupError:
        return False


def end_all(workspace: Workspace) -> None:
    """Empty the queue and kill what is at work."""
    for run in reversed(list_runs(workspace)):
        with suppress(RunError):
            if run.status().state == "queued":
                remove_from_queue(workspace, run)
    for run in list_runs(workspace):
        wait_until(lambda run=run: _gone(run), what="the end of the workers")


def _gone(run: Run) -> bool:
    """Kill what is at work in a run, also what is being started and not on record yet; whether nothing is left."""
    if not run.alive:
        return True
    for worker in workers_in(run.folder):
        with suppress(psutil.NoSuchProcess):
            worker.kill()
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(int(json.loads(run.process_file.read_text())["pid"]), signal.SIGKILL)
    return not run.alive
