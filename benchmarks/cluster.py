"""Cost of training on a Ray cluster: one `fast` run without Ray, one on a Ray node, and two at once on two nodes."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.mnist import share_mnist
from benchmarks.report import Figure
from core.config import DEFAULT_PRESET, preset
from core.launcher.queue import submit
from core.workspace import Workspace
from tests.support.ray_cluster import RayCluster
from tests.support.waiting import wait_until
from tests.support.workers import end_all

TIMEOUT_SECONDS = 1800.0
CONDITIONS = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TRAZO_BACKGROUND_TRAINING": "0"}
"""Environment of every run, with and without Ray: normal priority, and one thread, because a node has one CPU."""


@dataclass(frozen=True)
class _Runs:
    """Runs submitted together: seconds until all had finished, and one run's requests and received bytes."""

    seconds: float
    requests: int
    received: int


def cluster() -> list[Figure]:
    """Time runs on this machine, without Ray and on a Ray cluster; return nothing without MNIST or Ray."""
    if not share_mnist() or find_spec("ray") is None:
        return []
    with _environment_variables(CONDITIONS):
        without_ray = _train(1)
        ray_cluster = RayCluster(nodes=2)
        try:
            with _environment_variables({**ray_cluster.environment, "TRAZO_RAY": ray_cluster.client_address}):
                first, later = _train(1), _train(1)
                together = _train(2)
            with _environment_variables({**ray_cluster.environment, "TRAZO_RAY": ray_cluster.address}):
                from_node = _train(1)
        finally:
            ray_cluster.close()
    name = f"`{DEFAULT_PRESET}`, one thread"
    return [
        Figure(f"{name}: submitted to finished, on this machine", without_ray.seconds, "s"),
        Figure(f"{name}: the same through Ray Client, first run on a cluster (sends the data)", first.seconds, "s"),
        Figure(f"{name}: the same, second run", later.seconds, "s"),
        Figure("Overhead of Ray Client for a run", later.seconds - without_ray.seconds, "s"),
        Figure(
            "Overhead of Ray for a run started on a machine of the cluster",
            from_node.seconds - without_ray.seconds,
            "s",
        ),
        Figure("Runs per hour, one node with one CPU", 3600 / later.seconds, "runs/h"),
        Figure(
            "Runs per hour, two nodes with one CPU each, on the same two cores", 2 * 3600 / together.seconds, "runs/h"
        ),
        Figure("Received from the node in one run", later.received / 1e6, "MB"),
        Figure("Requests in one run", later.requests, ""),
    ]


def _train(count: int) -> _Runs:
    """Train `count` runs of `fast` at the same time."""
    with tempfile.TemporaryDirectory() as folder, _environment_variables({"TRAZO_WORKERS": str(count)}):
        workspace = Workspace(Path(folder))
        submitted = time.perf_counter()
        runs = [submit(workspace, preset(DEFAULT_PRESET)) for _ in range(count)]
        try:
            wait_until(lambda: all(run.status().has_ended for run in runs), TIMEOUT_SECONDS, "the end of training")
            seconds = time.perf_counter() - submitted
            assert all(run.status().state == "finished" for run in runs), runs[0].log_tail()
        finally:
            end_all(workspace)
        traffic = re.search(r"cluster: (\d+) requests, ([\d,]+) bytes", runs[0].log_tail())
    requests, received = (int(each.replace(",", "")) for each in traffic.groups()) if traffic else (0, 0)
    print(f"  {count} at once: {seconds:.1f} s", flush=True)
    return _Runs(seconds, requests, received)


@contextmanager
def _environment_variables(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables within the block."""
    old_values = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in old_values.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
