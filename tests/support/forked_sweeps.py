"""Real sweep processes that are forked, like their workers, from a process with TensorFlow loaded."""

from __future__ import annotations

import multiprocessing
import multiprocessing.forkserver as forkserver
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")


class ForkedSweeps:
    """Replaces the module `subprocess` in core.launcher.background.

    `preamble`: lines of Python that workers run first.
    """

    DEVNULL = subprocess.DEVNULL

    def __init__(self) -> None:
        self.preamble = ""
        self.processes: list[BaseProcess] = []

    def Popen(self, command: Sequence[str], **options: Any) -> BaseProcess:  # noqa: N802
        """Fork a process that runs a sweep as `python -m core.sweeps.process FOLDER` does."""
        assert command[:3] == [sys.executable, "-m", "core.sweeps.process"]
        sweep = _SweepProcess(command[3], options["stdout"], options["env"], options["cwd"], self.preamble)
        process = _CONTEXT.Process(target=sweep.run)
        process.start()
        self.processes.append(process)
        return process

    def end(self) -> None:
        """Kill the processes."""
        for process in self.processes:
            process.kill()
            process.join()


class _SweepProcess:
    """A process to start; pickling it passes a copy of the lock's file descriptor on to the new process."""

    def __init__(self, folder: str, lock: int, environment: Mapping[str, str], project: Path, preamble: str) -> None:
        self._arguments = folder, environment, project, preamble
        self._lock = lock
        forkserver.ensure_running()
        self._address = forkserver._forkserver._forkserver_address

    def __getstate__(self) -> dict[str, Any]:
        return {"_arguments": self._arguments, "_address": self._address, "_lock": DupFd(self._lock)}

    def run(self) -> None:
        folder, environment, project, preamble = self._arguments
        lock = self._lock.detach()  # type: ignore[attr-defined]
        os.setsid()
        os.chdir(project)
        os.environ.clear()
        os.environ.update(environment)
        os.dup2(lock, 1)
        os.dup2(lock, 2)
        os.close(lock)
        # Its workers come from the same fork server; a second one would have to load TensorFlow again.
        forkserver._forkserver._forkserver_address = self._address
        forkserver._forkserver.ensure_running = lambda: None
        from core.launcher import starting
        from core.sweeps import process
        from tests.support.forked_workers import ForkedWorkers

        workers = ForkedWorkers()
        workers.preamble = preamble
        starting.subprocess = workers  # type: ignore[assignment]
        # Skip multiprocessing's exit handlers, which would kill the last worker while it exits on its own.
        os._exit(process.main(Path(folder)))
