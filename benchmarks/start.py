"""From pressing Train to the first point on the curve: what a training costs before it learns anything."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.mnist import share_mnist
from benchmarks.report import Figure
from core.config import DEFAULT_PRESET, preset
from core.launcher.queue import submit
from core.runs.run import Run
from core.workspace import Workspace
from tests.support.waiting import wait_until
from tests.support.workers import end_all

STARTS = 3

_MILESTONES = {
    "Loading TensorFlow.": "the worker is at work",
    "Compiling the network.": "TensorFlow and the data are loaded",
    "Training.": "training begins",
}
"""What the run's status says, in this order, and what it means."""
_FIRST_POINT = "the first point is on the curve"


def start() -> list[Figure]:
    """Median seconds from submitting the default preset to each milestone, over several starts; none without MNIST."""
    if not share_mnist():
        return []
    starts = [_start_once() for _ in range(STARTS)]
    return [
        Figure(f"Train pressed until {name}, median of {STARTS}", median(times[name] for times in starts), "s")
        for name in (*_MILESTONES.values(), _FIRST_POINT)
    ]


def _start_once() -> dict[str, float]:
    """Seconds since the press at which each milestone was seen."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        began = time.perf_counter()
        run = submit(workspace, preset(DEFAULT_PRESET))
        seen: dict[str, float] = {}

        def look() -> bool:
            _look(run, seen, time.perf_counter() - began)
            return _FIRST_POINT in seen

        try:
            wait_until(look, 120, "the first point of the curve")
        finally:
            end_all(workspace)
    return seen


def _look(run: Run, seen: dict[str, float], now: float) -> None:
    """Note what is reached; a milestone that was passed between two looks was reached by this one."""
    reached = list(_MILESTONES).index(message) + 1 if (message := run.status().message) in _MILESTONES else 0
    first_point = run.steps_file.exists()
    for name in list(_MILESTONES.values())[: len(_MILESTONES) if first_point else reached]:
        seen.setdefault(name, now)
    if first_point:
        seen.setdefault(_FIRST_POINT, now)
