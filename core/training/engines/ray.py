"""Training on a Ray cluster, supervised by the run's local worker, which keeps the lock and waits for the cluster."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO

from core.environment import python_environment, ray_address, ray_variables
from core.errors import ClusterError, RunNotFound
from core.language import Message
from core.runs.run import Run
from core.training.engines.reports import Report
from core.workspace import PROJECT

_POLL_SECONDS = 0.3
"""Time between two checks for a request to stop."""

_RETRY_SECONDS = 2.0
"""Time between two attempts to reach the cluster."""
_MAX_RETRY_SECONDS = 16.0
"""Maximum time between two attempts whose driver cannot connect; each takes two seconds of CPU time."""

_SILENCE_SECONDS = 90.0
"""Time without a report after which the driver is killed; it reports every second, and gives up after 60 s."""

_MAX_LOSSES = 3
"""Number of times that a run may be lost without completing an epoch, for example because its machine lacks memory."""

_CONNECTION_SECONDS = 45.0
"""Time without a first report after which the driver is killed; Ray Client may wait much longer for a wrong token."""

_WAITING = Message("Waiting for the cluster. Start it with make cluster on its first machine, or stop this run.")
_REFUSED = Message(
    "Waiting for the cluster. It answers, but this machine cannot join it: check RAY_AUTH_TOKEN, or see "
    "the log for details."
)

End = dict[str, str]
"""A run's final state and a message that explains it."""


def train(run: Run, lock: int | None) -> End:
    """Train on the cluster, with as many attempts as it takes; return the run's final state and its message.

    `lock`: file descriptor of the run's lock. Raises ClusterError if Ray is missing or the cluster cannot train this
    run, RunNotFound if the run is deleted.
    """
    if find_spec("ray") is None:
        raise ClusterError(
            Message(
                "Ray is not installed, so this run cannot train on a cluster. Run make cluster, or unset TRAZO_RAY."
            )
        )
    supervisor = _Supervisor(run, lock)
    while True:
        if end := supervisor.attempt():
            return end


class _Supervisor:
    """Starts a driver for each attempt to train a run, and copies the driver's messages to the run's status."""

    def __init__(self, run: Run, lock: int | None) -> None:
        self._run, self._lock = run, lock
        self._connected = self._is_training = False
        self._retry_seconds = _RETRY_SECONDS
        self._losses, self._epochs_at_loss = 0, 0

    def attempt(self) -> End | None:
        """Try to train the run to its end; return that end, or None if the cluster is unreachable or was lost."""
        self._connected = self._is_training = False
        address = ray_address() or ""
        if not _is_reachable(address):
            return self._wait_for_the_cluster(_WAITING, _RETRY_SECONDS)
        with _driver(self._run, self._lock) as reports:
            end = self._follow(reports)
        if end is None and not self._is_training:
            seconds, self._retry_seconds = self._retry_seconds, min(2 * self._retry_seconds, _MAX_RETRY_SECONDS)
            return self._wait_for_the_cluster(_WAITING if self._connected or address == "auto" else _REFUSED, seconds)
        self._retry_seconds = _RETRY_SECONDS
        if end is None:
            self._count_loss()
        return end

    def _follow(self, reports: SimpleQueue[Report | None]) -> End | None:
        """Handle a driver's reports; return the run's end, or None if the driver loses the cluster."""
        last_report = time.monotonic()
        while time.monotonic() < last_report + (_SILENCE_SECONDS if self._connected else _CONNECTION_SECONDS):
            # Once a machine is training, the driver asks it to stop, and the machine saves the model.
            if not self._is_training and (end := self._end_if_stopped()):
                return end
            try:
                report = reports.get(timeout=_POLL_SECONDS)
            except Empty:
                continue
            last_report = time.monotonic()
            self._connected = self._connected or (report is not None and report.event != "lost")
            if report is None or report.event == "lost":
                return None
            if report.event == "unusable":
                raise ClusterError(report.message)
            if report.event == "ended":
                return {"state": report.state, "message": report.message}
            self._is_training = report.event == "training"
            if report.message:
                self._write_message(report.message)
        return None

    def _wait_for_the_cluster(self, message: str, seconds: float) -> End | None:
        """Wait for `seconds`; return the run's end if it is asked to stop in the meantime."""
        self._write_message(message)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if end := self._end_if_stopped():
                return end
            time.sleep(_POLL_SECONDS)
        return None

    def _end_if_stopped(self) -> End | None:
        """Return the run's end if it was asked to stop while no machine was training it; raises RunNotFound."""
        if not self._run.config_file.exists():
            raise RunNotFound(self._run.id)
        if not self._run.stop_requested:
            return None
        message = Message("Stopped before the first step.")
        if self._run.checkpoint_file.exists():
            message = Message(
                "Stopped while waiting for the cluster. Resume the run to continue from the last completed epoch."
            )
        return {"state": "stopped", "message": self._run.stop_reason or message}

    def _count_loss(self) -> None:
        """Report that the machine was lost; raise ClusterError if this happens repeatedly."""
        epochs = self._run.status().epochs_done
        self._losses = self._losses + 1 if epochs == self._epochs_at_loss else 1
        self._epochs_at_loss = epochs
        if self._losses == _MAX_LOSSES:
            raise ClusterError(
                Message(
                    "The machine or the process that trained this run was lost {count} times within an epoch. "
                    "See the log for details, then resume the run.",
                    count=_MAX_LOSSES,
                )
            )
        self._write_message(
            Message(
                "The machine or the process that trained this run was lost. Continuing after the last completed epoch."
            )
        )

    def _write_message(self, message: str) -> None:
        """Write a message to the run's status, without changing its epoch and step."""
        status = self._run.status()
        if status.message != message:
            update = {"phase": "starting", "start": None, "message": message, "seconds_left": None}
            self._run.write_status(status.model_copy(update=update), durable=False)


@contextmanager
def _driver(run: Run, lock: int | None) -> Iterator[SimpleQueue[Report | None]]:
    """Start a driver and yield its reports, followed by None; kill it after the with block."""
    locks = () if lock is None else (lock,)
    process = subprocess.Popen(
        [sys.executable, "-m", "core.training.engines.driver", str(run.folder), *map(str, locks)],
        cwd=PROJECT,
        env=python_environment(**ray_variables()),
        # The driver ends when this pipe is closed, even by a crash.
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=locks,
    )
    assert process.stdout is not None
    reports: SimpleQueue[Report | None] = SimpleQueue()
    Thread(target=_receive, args=(process.stdout, reports), daemon=True).start()
    try:
        yield reports
    finally:
        process.kill()
        process.wait()


def _receive(stream: IO[bytes], reports: SimpleQueue[Report | None]) -> None:
    try:
        with stream:
            for line in stream:
                reports.put(Report.model_validate_json(line))
    finally:
        reports.put(None)


def _is_reachable(address: str) -> bool:
    """Return False if nothing listens at `ray://host:port` or `host:port`; True for `auto`, which only Ray can find."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return True
    try:
        socket.create_connection((host, int(port)), timeout=_RETRY_SECONDS).close()
    except OSError:
        return False
    return True
