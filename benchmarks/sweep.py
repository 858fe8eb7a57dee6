"""A sweep of 20 trials around `fast`, with pruning, from its start to the end of its winner's three runs."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.mnist import share_mnist
from benchmarks.report import Figure
from core.config import DEFAULT_PRESET
from core.sweeps import control
from core.sweeps.comparison import compare_seeds
from core.sweeps.records import SweepSettings, Trial
from core.sweeps.spaces import default_sweep
from core.workspace import Workspace
from tests.support.waiting import wait_until
from tests.support.workers import end_all

TRIALS = 20
SEED = 0
TIMEOUT_SECONDS = 7200.0


def sweep() -> list[Figure]:
    """Measure a whole sweep; return nothing without MNIST."""
    if not share_mnist():
        return []
    base, parameters = default_sweep(DEFAULT_PRESET)
    settings = SweepSettings(
        created=datetime.now(UTC), title="Benchmark", base=base, parameters=parameters, trials=TRIALS, seed=SEED
    )
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        started = time.time()
        new_sweep = control.create_sweep(workspace, settings)
        control.start(workspace, new_sweep)
        try:
            wait_until(lambda: new_sweep.status().state != "running", TIMEOUT_SECONDS, "the end of the sweep")
            ended = time.time()
            assert new_sweep.status().state == "finished", new_sweep.status().message
            progress = new_sweep.progress()
            comparison = compare_seeds(workspace, progress, progress.winners[0])
        finally:
            end_all(workspace)
    trials = progress.trials
    search_seconds = max(trial.ended or 0.0 for trial in trials) - started
    figures = [
        Figure(f"{TRIALS} trials of `{DEFAULT_PRESET}`", search_seconds / 60, "min"),
        Figure("training the winner again with three seeds", (ended - started - search_seconds) / 60, "min"),
        Figure("complete trials", sum(trial.state == "complete" for trial in trials), ""),
        Figure("complete trial, median", median(_seconds(trials, "complete")), "s"),
        Figure("pruned trials", sum(trial.state == "pruned" for trial in trials), ""),
    ]
    if pruned := _seconds(trials, "pruned"):
        figures.append(Figure("pruned trial, median", median(pruned), "s"))
    if comparison:
        points = 100 * comparison.difference
        figures.append(Figure("validation accuracy: the winner's minus the preset's", points, "points"))
        figures.append(Figure("spread across seeds", 100 * comparison.spread, "points"))
    return figures


def _seconds(trials: tuple[Trial, ...], state: str) -> list[float]:
    return [trial.ended - trial.started for trial in trials if trial.state == state and trial.ended]
