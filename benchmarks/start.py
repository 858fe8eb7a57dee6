"""Startup time of a training run: from the Train button to the first point of the learning curve.

The dashboard has a worker waiting while the Train page is open; a run from the command line starts without one.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.mnist import share_mnist
from benchmarks.report import Figure
from core.config import DEFAULT_PRESET, preset
from core.launcher.prepared_worker import end_prepared_worker, prepare_worker
from core.launcher.queue import submit
from core.runs.run import Run
from core.workspace import Workspace
from tests.support.waiting import wait_until
from tests.support.workers import end_all

STARTS = 3
READING_SECONDS = 8.0
"""Time that a person looks at the Train page before pressing the button."""

_MILESTONES = {
    "Loading TensorFlow.": "worker started",
    "Compiling the network.": "TensorFlow and data loaded",
    "Training.": "training started",
}
"""Messages in the run's status, in order, and the milestone that each marks."""

_FIRST_POINT = "first point on the learning curve"


def start() -> list[Figure]:
    """Measure the median time from submitting the default preset to each milestone; return nothing without MNIST."""
    if not share_mnist():
        return []
    figures = []
    for prepared in (True, False):
        starts = [_start_once(prepared) for _ in range(STARTS)]
        worker = "with a waiting worker" if prepared else "with a new worker"
        figures += [
            Figure(
                f"{worker}: Train pressed to {name}, median of {STARTS}", median(times[name] for times in starts), "s"
            )
            for name in (*_MILESTONES.values(), _FIRST_POINT)
        ]
    return figures


def _start_once(prepared: bool) -> dict[str, float]:
    """Start one training run; return the seconds from submission to each milestone."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        if prepared:
            prepare_worker(workspace)
            time.sleep(READING_SECONDS)
        submitted = time.perf_counter()
        run = submit(workspace, preset(DEFAULT_PRESET))
        times: dict[str, float] = {}

        def first_point_reached() -> bool:
            _note_milestones(run, times, time.perf_counter() - submitted)
            return _FIRST_POINT in times

        try:
            wait_until(first_point_reached, 120, "the first point of the curve")
        finally:
            end_prepared_worker()
            end_all(workspace)
    return times


def _note_milestones(run: Run, times: dict[str, float], now: float) -> None:
    """Record the milestones reached so far, including any passed since the last poll."""
    message = run.status().message
    reached = list(_MILESTONES).index(message) + 1 if message in _MILESTONES else 0
    first_point = run.steps_file.exists()
    for name in list(_MILESTONES.values())[: len(_MILESTONES) if first_point else reached]:
        times.setdefault(name, now)
    if first_point:
        times.setdefault(_FIRST_POINT, now)
