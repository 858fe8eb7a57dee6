"""The real dashboard in a separate process, for tests that access it from outside."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from core.workspace import PROJECT, Workspace
from tests.support.waiting import wait_until

PORTS = range(12_000, 30_000)
"""Ports below the ephemeral range: an outgoing connection could take an ephemeral port between two starts."""


def free_port() -> int:
    """Return a port that no process listens on."""
    for port in random.sample(PORTS, 100):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("No free port was found.")


def mnist_variable() -> dict[str, str]:
    """Return the variable that points a dashboard with its own workspace to this machine's MNIST, if it needs one."""
    mnist = Workspace.from_environment().mnist_file
    return {"TRAZO_MNIST": str(mnist)} if mnist.exists() and "TRAZO_MNIST" not in os.environ else {}


class DashboardProcess:
    """`python -m dashboard`, or another `command`, on a free port, with its own workspace in `folder`.

    `command`: arguments for Python, in which `{port}` stands for the port.
    """

    def __init__(self, folder: Path, command: Sequence[str] = ("-m", "dashboard"), **environment: str) -> None:
        self.workspace = folder / "workspace"
        self.printed = folder / "stdout.txt"
        self.log = folder / "stderr.txt"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [sys.executable, *(word.format(port=self.port) for word in command)]
        self._environment = {
            **os.environ,
            "TRAZO_WORKSPACE": str(self.workspace),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            **environment,
        }
        self.start()

    def start(self) -> None:
        """Start the process and return once it responds; raise TimeoutError with its log if it does not."""
        with self.printed.open("ab") as printed, self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command,
                cwd=PROJECT,
                env=self._environment,
                stdout=printed,
                stderr=log,
                # A separate process group, so that Ctrl-C reaches only this process and its children.
                start_new_session=True,
            )
        try:
            wait_until(self._responds_or_has_ended, what="a response from the dashboard")
        except TimeoutError as error:
            self.stop()
            raise TimeoutError(f"{error}\n{self.output()}") from None
        if self.process.poll() is not None:
            raise RuntimeError(f"The dashboard ended with status {self.process.returncode}:\n{self.output()}")

    def stop(self) -> None:
        """Terminate the process; kill it if it does not exit."""
        self.process.terminate()
        try:
            self.process.wait(timeout=300)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def interrupt(self) -> None:
        """Press Ctrl-C, and wait until the process has ended."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(timeout=300)

    def output(self) -> str:
        """Return everything that the process has written so far: stdout, then its log."""
        return "".join(file.read_text(encoding="utf-8", errors="replace") for file in (self.printed, self.log))

    def _responds_or_has_ended(self) -> bool:
        if self.process.poll() is not None:
            return True
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=300) as response:
                return response.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
