"""Real worker processes, forked from a process with TensorFlow loaded rather than started anew.

Importing TensorFlow takes a worker 4 s of CPU time, most of what a tiny training run needs.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

_PYTHON = sys.executable
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.support.loaded_trainer"])


class ForkedWorkers:
    """Replaces the module `subprocess` in core.launcher.starting.

    `preamble`: lines of Python that workers run first.
    """

    DEVNULL = subprocess.DEVNULL

    def __init__(self) -> None:
        self.preamble = ""

    def Popen(self, command: Sequence[str], **options: Any) -> Any:  # noqa: N802
        """Fork a worker if `command` starts one with this Python; start any other command as `subprocess` does."""
        if command[0] != _PYTHON:
            return subprocess.Popen(command, **options)
        (lock,), log = options["pass_fds"], options["stdout"].fileno()
        worker = _Worker(command[-2], lock, log, options["env"], options["cwd"], self.preamble)
        # A daemon, so that this process ends even if a failed test leaves a worker running.
        process = _CONTEXT.Process(target=worker.run, daemon=True)
        process.start()
        return process


class _Worker:
    """A worker to start; pickling it passes copies of its file descriptors on to the new process."""

    def __init__(
        self, folder: str, lock: int, log: int, environment: Mapping[str, str], project: Path, preamble: str
    ) -> None:
        self._arguments = folder, environment, project, preamble
        self._lock, self._log = lock, log

    def __getstate__(self) -> dict[str, Any]:
        return {"_arguments": self._arguments, "_lock": DupFd(self._lock), "_log": DupFd(self._log)}

    def run(self) -> None:
        """Run the worker as `python -m core.training.worker FOLDER LOCK` would in a new process, and exit."""
        folder, environment, project, preamble = self._arguments
        lock, log = self._lock.detach(), self._log.detach()  # type: ignore[attr-defined]
        os.setsid()
        os.chdir(project)
        os.environ.clear()
        os.environ.update(environment)
        with open(os.devnull, "rb") as null_device:  # noqa: PTH123
            os.dup2(null_device.fileno(), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        from core.training import worker

        try:
            exec(preamble, {"__name__": "preamble"})
            status = worker.main(Path(folder), lock)
        except Exception:  # noqa: BLE001
            traceback.print_exc()
            status = 1
        sys.exit(status)
