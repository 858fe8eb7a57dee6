"""A run on a machine in the cluster: a Ray actor that starts the training process there and sends back its files."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from core.environment import python_environment, thread_variables
from core.runs.run import Run
from core.storage import make_folder
from core.training.engines.changes import FolderChanges, FolderWatch
from core.training.engines.versions import difference, versions
from core.workspace import PROJECT, Workspace

_MAX_WAIT_SECONDS = 1.0
"""Maximum time that `exchange` waits for changes."""
_MIN_SECONDS_BETWEEN_REPLIES = 0.4
"""As long as MIN_STATUS_SECONDS: the worker writes its status no more often."""
_POLL_SECONDS = 0.05

Files = Mapping[str, bytes]
"""Contents of files by name."""


class NodeRun:
    """A Ray actor with a copy of a run's folder on this machine, and the process that trains the run there."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id

    def start(
        self, files: FolderChanges, mnist: Files, pen_digits: Files, required_versions: dict[str, str], threads: int
    ) -> str:
        """Start training from these files; return an empty string, or a message if a version is not the required one.

        `mnist`, `pen_digits`: the data files; empty if the machine that started the run has none.
        """
        if problem := difference(required_versions, versions(), platform.node()):
            return problem
        self._root = Path(tempfile.mkdtemp(prefix="trazo-"))
        try:
            self._start_process(files, mnist, pen_digits, threads)
        except BaseException:
            shutil.rmtree(self._root, ignore_errors=True)
            raise
        return ""

    def _start_process(self, files: FolderChanges, mnist: Files, pen_digits: Files, threads: int) -> None:
        self._run = Run(make_folder(Workspace(self._root).runs / self._run_id))
        files.apply(self._run.folder)
        variables = {
            "TRAZO_WORKSPACE": str(self._root),
            "TRAZO_MNIST": _store(self._root / "mnist", mnist),
            "TRAZO_PEN_DIGITS": _store(self._root / "pen_digits", pen_digits),
            "TRAZO_RAY": "",
            **thread_variables(threads),
        }
        self._watch = FolderWatch(self._run.folder, seen=True)
        with self._run.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "core.training.engines.node_worker", str(self._run.folder)],
                cwd=PROJECT,
                env=python_environment(**variables),
                # The process ends when this pipe is closed, even by a crash.
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        self._last_reply = time.monotonic()

    def exchange(self, stop: str | None) -> tuple[FolderChanges, bool]:
        """Return what the process has written since the last call, and whether it has ended.

        Sends a heartbeat and waits up to _MAX_WAIT_SECONDS for changes. Deletes the folder at the end.
        `stop`: contents of the run's stop file, or None if it has none.
        """
        if stop is not None:
            self._run.stop_file.write_text(stop)
        self._send_heartbeat()
        self._wait(until=self._last_reply + _MIN_SECONDS_BETWEEN_REPLIES)
        deadline = time.monotonic() + _MAX_WAIT_SECONDS
        while True:
            ended = self._process.poll() is not None  # asked first: once it has ended, the changes are complete
            changes = self._watch.changes()
            if ended:
                shutil.rmtree(self._root, ignore_errors=True)
            if ended or changes or time.monotonic() > deadline:
                self._last_reply = time.monotonic()
                return changes, ended
            self._wait(until=time.monotonic() + _POLL_SECONDS)

    def _send_heartbeat(self) -> None:
        """Send a heartbeat, which tells the process that its result is still wanted."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended
            self._process.stdin.write(b".")
            self._process.stdin.flush()

    def _wait(self, until: float) -> None:
        """Wait until `time.monotonic()` reaches `until`, or until the process ends."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, until - time.monotonic()))


def _store(folder: Path, files: Files) -> str:
    """Write a dataset's files; return the value for TRAZO_MNIST or TRAZO_PEN_DIGITS, empty if there are no files."""
    for name, content in files.items():
        (make_folder(folder) / name).write_bytes(content)
    if not files:
        return ""
    return str(folder / next(iter(files)) if len(files) == 1 else folder)
