"""Duration of a `fast` training run, from pressing Train to the end, and of stopping a `best` run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.mnist import share_mnist
from benchmarks.report import Figure
from core.config import DEFAULT_PRESET, preset
from core.launcher.control import request_stop
from core.launcher.queue import submit
from core.runs.run import Run
from core.workspace import Workspace
from tests.support.waiting import wait_until
from tests.support.workers import end_all

RUNS = 3
TIMEOUT_SECONDS = 900.0


def finish() -> list[Figure]:
    """Time runs with the default preset, and stopping a `best` run in its first epoch.

    Returns nothing without MNIST.
    """
    if not share_mnist():
        return []
    timings = [_train() for _ in range(RUNS)]
    stopped = median(_stop() for _ in range(RUNS))
    names = {
        "fit": "duration of `fit`",
        "accuracy": "Train pressed to test accuracy known",
        "finished": "Train pressed to finished",
        "overhead": "Train pressed to finished, without `fit`",
    }
    return [
        *(
            Figure(f"`{DEFAULT_PRESET}`: {title}, median of {RUNS}", median(times[name] for times in timings), "s")
            for name, title in names.items()
        ),
        Figure(f"`best`: Stop pressed to stopped, with a complete model, median of {RUNS}", stopped, "s"),
    ]


def _train() -> dict[str, float]:
    """Train once; return four durations in seconds.

    They are the duration of `fit`, the times from submission to the test accuracy and to the end, and the last of these
    without `fit`.
    """
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        submitted = time.perf_counter()
        run = submit(workspace, preset(DEFAULT_PRESET))
        try:
            _wait(run, lambda: run.status().test_accuracy is not None, "the test accuracy")
            accuracy = time.perf_counter() - submitted
            _wait(run, lambda: run.status().has_ended, "the end of training")
            finished = time.perf_counter() - submitted
        finally:
            end_all(workspace)
        fit = run.bundle.card().seconds
    return {"fit": fit, "accuracy": accuracy, "finished": finished, "overhead": finished - fit}


def _stop() -> float:
    """Stop a `best` run in its first epoch; return the seconds until its model is complete."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        run = submit(workspace, preset("best"))
        try:
            _wait(run, lambda: run.steps_file.exists(), "the first point of the curve")
            requested = time.perf_counter()
            request_stop(workspace, run)
            _wait(run, lambda: run.status().has_ended, "the end of training")
            assert run.bundle.complete
            return time.perf_counter() - requested
        finally:
            end_all(workspace)


def _wait(run: Run, condition: Callable[[], bool], what: str) -> None:
    wait_until(lambda: condition() or run.status().has_ended, TIMEOUT_SECONDS, what)
    assert condition(), run.log_tail()
