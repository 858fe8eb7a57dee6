"""A worker process that has loaded TensorFlow before there is a run to train, so that training starts sooner."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.environment import prepares_workers, python_environment, ray_address, read_only, thread_limits
from core.launcher.memory import available_memory
from core.workspace import PROJECT, Workspace

IDLE_SECONDS = 600.0
"""Seconds from the last call to `prepare_worker` until the process is ended."""
MIN_AVAILABLE_BYTES = 3 * 2**30
"""Memory that must be available before a worker is started: it takes 0.65 GB, and a training run up to 1.5 GB."""
MIN_REMAINING_BYTES = 2 * 2**30
"""Memory that must stay available while the worker waits; less than the above, because the worker itself takes some."""
_CHECK_SECONDS = 10.0
"""Seconds between two checks of whether the process should end."""


@dataclass
class _PreparedWorker:
    """A process that waits for a run of this workspace. `last_requested`: a time in monotonic seconds.

    It exits when our end of the connection is closed, even by a crash.
    """

    root: Path
    process: subprocess.Popen[bytes]
    connection: socket.socket
    last_requested: float


_lock = threading.Lock()
_prepared: _PreparedWorker | None = None


def prepare_worker(workspace: Workspace) -> None:
    """Have a worker wait for the next run that this process starts; after IDLE_SECONDS without a call, it is ended.

    Does nothing if TRAZO_PREPARED_WORKER or TRAZO_READONLY forbids it, if runs train on a cluster, if memory is short,
    or if no process can be started; runs then start without a prepared worker.
    """
    global _prepared
    if read_only() or not prepares_workers() or ray_address():
        return
    with _lock:
        if _prepared is not None and _prepared.root == workspace.root and _prepared.process.poll() is None:
            _prepared.last_requested = time.monotonic()
            return
        _end()
        if available_memory() < MIN_AVAILABLE_BYTES:
            return
        with suppress(OSError):
            _prepared = _start(workspace)
            threading.Thread(target=_end_when_idle, args=(_prepared,), daemon=True).start()


def hand_over(workspace: Workspace, folder: Path, lock: int, log: int) -> int | None:
    """Hand the run in `folder` to the waiting worker; return its process id, or None if no worker is waiting.

    `lock`, `log`: file descriptors of the run's lock and of its log, which the worker inherits.
    """
    global _prepared
    with _lock:
        waiting_worker, _prepared = _prepared, None
    if waiting_worker is None:
        return None
    with waiting_worker.connection:
        if waiting_worker.root != workspace.root or waiting_worker.process.poll() is not None:
            return None
        try:
            socket.send_fds(waiting_worker.connection, [bytes(folder)], [lock, log])
        except OSError:  # the process has just ended
            return None
    return waiting_worker.process.pid


def end_prepared_worker() -> None:
    """End the waiting worker, if any."""
    with _lock:
        _end()


def _start(workspace: Workspace) -> _PreparedWorker:
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "core.training.prepared_worker", str(theirs.fileno())],
                cwd=PROJECT,
                env=python_environment(TRAZO_WORKSPACE=str(workspace.root), **thread_limits()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except OSError:
            ours.close()
            raise
    return _PreparedWorker(workspace.root, process, ours, time.monotonic())


def _end_when_idle(prepared: _PreparedWorker) -> None:
    """End a waiting worker after IDLE_SECONDS without a request for it, or if memory becomes short."""
    while prepared.process.poll() is None:
        time.sleep(_CHECK_SECONDS)
        with _lock:
            if _prepared is not prepared:  # it has been handed over or ended
                return
            idle = time.monotonic() - prepared.last_requested
            if idle > IDLE_SECONDS or available_memory() < MIN_REMAINING_BYTES:
                _end()


def _end() -> None:
    """End the waiting worker, if any; the caller holds the lock."""
    global _prepared
    if _prepared is not None:
        _prepared.connection.close()
        # On a busy machine, a process with idle priority would notice the closed connection late.
        _prepared.process.kill()
        _prepared.process.wait()
        _prepared = None
