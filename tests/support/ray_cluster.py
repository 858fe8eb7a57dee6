"""A real Ray cluster on loopback: a head, and nodes with one CPU each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psutil

from core.workspace import PROJECT
from tests.support.dashboard_process import free_port
from tests.support.requirements import skip_or_fail
from tests.support.waiting import wait_until

TOKEN = "a-token-that-only-the-machines-of-this-test-know"

_OPTIONS = (
    "--block",
    "--node-ip-address=127.0.0.1",
    "--object-store-memory=80000000",  # the smallest that Ray allows is 75 MB
    "--min-worker-port=0",
    "--max-worker-port=0",
    "--disable-usage-stats",
    "--include-log-monitor=False",
)


def require_ray() -> None:
    """Skip the test on a machine without Ray."""
    if find_spec("ray") is None:
        skip_or_fail("Ray is not installed; get it with `sh scripts/install.sh dev cluster`.")


class _Node:
    """A process that keeps a head or a node running."""

    def __init__(self, folder: Path, environment: dict[str, str], options: tuple[str, ...]) -> None:
        self._log = folder / f"{id(self)}.log"
        self._environment, self._options = environment, options
        self.start()

    def start(self) -> None:
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ray.scripts.scripts", "start", *self._options, *_OPTIONS],
                cwd=PROJECT,
                env={**os.environ, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def has_joined(self) -> bool:
        """Return True if the node has joined; start it again if it has given up, as happens on a busy machine."""
        if self.process.poll() is not None:
            self.start()
        return b"Ray runtime started" in self._log.read_bytes()

    def kill(self) -> None:
        """End everything that runs on this node, as a power cut does."""
        processes = [psutil.Process(self.process.pid)]
        processes += processes[0].children(recursive=True)
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()
        psutil.wait_procs(processes)


class RayCluster:
    """A head and its nodes. `environment`: variables for the cluster and every process that uses it."""

    def __init__(self, nodes: int, head_cpus: int = 0) -> None:
        self.environment = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": TOKEN,
            "RAY_ADDRESS": "",
            "TRAZO_BACKGROUND_TRAINING": "0",
        }
        # The paths of Unix sockets, which Ray creates here, must be short.
        self._folder = Path(tempfile.mkdtemp(prefix="ray"))
        self._port, self._client_port = free_port(), free_port()
        self._nodes: list[_Node] = []
        self.start_head(head_cpus)
        for _ in range(nodes):
            self._nodes.append(_Node(self._folder, self.environment, (f"--address={self.address}", "--num-cpus=1")))
        wait_until(lambda: all(node.has_joined() for node in self._nodes), what="the nodes")

    @property
    def address(self) -> str:
        """The address for a process on a machine of the cluster."""
        return f"127.0.0.1:{self._port}"

    @property
    def client_address(self) -> str:
        """The address for any other process."""
        return f"ray://127.0.0.1:{self._client_port}"

    def start_head(self, cpus: int = 0) -> None:
        """Start a head, at the same addresses as the previous one, and wait until it runs."""
        options = (
            "--head",
            f"--port={self._port}",
            f"--ray-client-server-port={self._client_port}",
            f"--temp-dir={self._folder}",
            "--include-dashboard=False",
            f"--num-cpus={cpus}",
        )
        self._head = _Node(self._folder, self.environment, options)
        wait_until(self._head.has_joined, what="the head")

    def node_of(self, process: psutil.Process) -> int:
        """Return the number of the node that started a process."""
        ancestors = {parent.pid for parent in process.parents()}
        return next(number for number, node in enumerate(self._nodes) if node.process.pid in ancestors)

    def kill_node(self, number: int) -> None:
        """End a node with everything that runs on it."""
        self._nodes[number].kill()

    def kill_head(self) -> None:
        """End the head with everything that runs on it."""
        self._head.kill()

    def close(self) -> None:
        """End the cluster."""
        for node in (*self._nodes, self._head):
            if node.process.poll() is None:
                node.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


def training_processes(run_id: str) -> list[psutil.Process]:
    """Return the processes that train a run on a node of this machine."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if "core.training.engines.node_worker" in (words := process.info["cmdline"] or [])
        and words[-1].endswith(run_id)
    ]
