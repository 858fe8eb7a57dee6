"""A real Ray cluster on loopback: a head without CPUs, and nodes with one CPU each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import psutil

from core.workspace import PROJECT
from tests.support.dashboard_process import free_port
from tests.support.requirements import lacking

TOKEN = "a-token-that-only-the-machines-of-this-test-know"

_OPTIONS = (
    "--block",
    "--node-ip-address=127.0.0.1",
    "--object-store-memory=80000000",  # the smallest that Ray allows is 75 MB
    "--min-worker-port=0",
    "--max-worker-port=0",
    "--disable-usage-stats",
)


def require_ray() -> None:
    """Skip the test on a machine without Ray."""
    if find_spec("ray") is None:
        lacking("Ray is not installed; get it with `sh scripts/install.sh dev cluster`.")


class RayCluster:
    """A head and its nodes. `environment`: variables with which the cluster and everything that uses it start."""

    def __init__(self) -> None:
        self.environment = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": TOKEN,
            "RAY_ADDRESS": "",
            "TRAZO_BACKGROUND_TRAINING": "0",
        }
        # The paths of Unix sockets, which Ray makes here, must be short.
        self._folder = Path(tempfile.mkdtemp(prefix="ray"))
        self._port, self._client_port = free_port(), free_port()
        self._nodes: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        """The address for a process on a machine of the cluster."""
        return f"127.0.0.1:{self._port}"

    @property
    def client_address(self) -> str:
        """The address for any other process."""
        return f"ray://127.0.0.1:{self._client_port}"

    def start_head(self, cpus: int = 0) -> None:
        """Start a head, at the same addresses as the last one."""
        self.head = self._start(
            "--head",
            f"--port={self._port}",
            f"--ray-client-server-port={self._client_port}",
            f"--temp-dir={self._folder}",
            "--include-dashboard=False",
            f"--num-cpus={cpus}",
        )

    def add_node(self) -> subprocess.Popen[bytes]:
        """Start a node with one CPU; it joins within seconds."""
        return self._start(f"--address={self.address}", "--num-cpus=1")

    def node_of(self, process: psutil.Process) -> subprocess.Popen[bytes]:
        """Return the node that has started a process."""
        ancestors = {parent.pid for parent in process.parents()}
        return next(node for node in self._nodes if node.pid in ancestors)

    def kill(self, node: subprocess.Popen[bytes]) -> None:
        """End a node or the head with everything that runs on it, as a power cut does."""
        self._nodes.remove(node)
        processes = [psutil.Process(node.pid)]
        processes += processes[0].children(recursive=True)
        for process in processes:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        node.wait()

    def close(self) -> None:
        """End the cluster."""
        for node in list(self._nodes):
            self.kill(node)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self, *options: str) -> subprocess.Popen[bytes]:
        node = subprocess.Popen(
            [sys.executable, "-m", "ray.scripts.scripts", "start", *options, *_OPTIONS],
            cwd=PROJECT,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._nodes.append(node)
        return node


def training_processes(run_id: str) -> list[psutil.Process]:
    """Return the processes that train a run on a node of this machine."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if "core.training.engines.node_worker" in (words := process.info["cmdline"] or [])
        and words[-1].endswith(run_id)
    ]
