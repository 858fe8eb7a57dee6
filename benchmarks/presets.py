"""Accuracy, size and training time of presets, over several random seeds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import numpy as np
from scipy import stats

from benchmarks.report import Figure
from core.classifier.bundle import Card
from core.classifier.disputed import disputed_labels
from core.config import TrainingConfig, preset, replace_settings, teacher_configs
from core.data.sources import find_mnist
from core.errors import TrazoError
from core.launcher.teachers import finished_run
from core.runs.run import Run
from core.runs.snapshot import Snapshot
from core.workspace import PROJECT, Workspace

SEEDS = range(42, 45)
"""The default seed and the next two; only three, because a run of `best` takes over half an hour."""


def best(seeds: int = len(SEEDS)) -> list[Figure]:
    """Evaluate the preset of the shipped model."""
    return _measure("best", seeds)


def tiny(seeds: int = len(SEEDS)) -> list[Figure]:
    """Evaluate the smallest preset."""
    return _measure("tiny", seeds)


def _measure(name: str, seeds: int) -> list[Figure]:
    """Return the figures of one preset, reusing finished runs with the same settings; return nothing without MNIST."""
    workspace = Workspace.from_environment()
    if find_mnist(workspace) is None:
        return []
    configs = [replace_settings(preset(name), seed=SEEDS[0] + index) for index in range(seeds)]
    return figures(workspace, name, [_run(workspace, config) for config in configs])


def figures(workspace: Workspace, name: str, runs: Sequence[Run]) -> list[Figure]:
    """Return a preset's size, its mean accuracy with a confidence interval, and the figures of each run."""
    cards = [run.bundle.card() for run in runs]
    accuracies = np.array([card.metrics.test_accuracy for card in cards]) * 100
    seeds = f"mean of {len(runs)} seeds" if len(runs) > 1 else "one seed"
    size = runs[0].bundle.tflite_file.stat().st_size
    result = [
        Figure(f"`{name}`: parameters", cards[0].parameters, ""),
        Figure(f"`{name}`: size of the .tflite file", size / 1e6, "MB"),
        Figure(f"`{name}`: test accuracy after the last epoch, {seeds}", accuracies.mean(), "%"),
    ]
    if len(runs) > 1:
        # Student's t, because the standard deviation is estimated from few runs.
        half_width = stats.t.ppf(0.975, len(runs) - 1) * stats.sem(accuracies)
        result.append(
            Figure(f"`{name}`: half-width of the 95% confidence interval of that mean", float(half_width), "%")
        )
    for run, card in zip(runs, cards, strict=True):
        result += _seed_figures(workspace, name, run, card)
    undisputed = float(np.mean([_undisputed_accuracy(run) for run in runs]))
    result.append(Figure(f"`{name}`: test accuracy without the 15 disputed labels, mean", undisputed * 100, "%"))
    redrawn_accuracies = [card.robustness.canvas for card in cards if card.robustness]
    if len(redrawn_accuracies) == len(cards):
        label = f"`{name}`: accuracy on redrawn digits of typical size, mean"
        result.append(Figure(label, float(np.mean(redrawn_accuracies)) * 100, "%"))
    return result


def _seed_figures(workspace: Workspace, name: str, run: Run, card: Card) -> list[Figure]:
    prefix, metrics, status = f"`{name}`, seed {card.config.seed}", card.metrics, run.status()
    total = (status.ended or 0.0) - (status.started or 0.0)
    result = [
        Figure(f"{prefix}: validation accuracy", metrics.validation_accuracy * 100, "%"),
        Figure(f"{prefix}: test accuracy", metrics.test_accuracy * 100, "%"),
        Figure(f"{prefix}: training time", card.seconds / 60, "min"),
    ]
    if total > card.seconds:  # the status of a resumed run covers only its last process
        result.append(Figure(f"{prefix}: total time from process start to finished bundle", total / 60, "min"))
    teachers = [finished_run(Snapshot.of(workspace), config) for config in teacher_configs(card.config)]
    if teachers and all(teachers):
        seconds = sum(teacher.bundle.card().seconds for teacher in teachers if teacher)
        result.append(Figure(f"{prefix}: training time of its teachers, shared by all seeds", seconds / 60, "min"))
    return result


def _undisputed_accuracy(run: Run) -> float:
    evaluation = run.bundle.evaluation()
    disputed = disputed_labels(run.bundle.card().data.fingerprint, evaluation)
    return disputed.accuracy_without if disputed else evaluation.accuracy


def _run(workspace: Workspace, config: TrainingConfig) -> Run:
    """Return a finished run with these settings; train one if there is none."""
    run = finished_run(Snapshot.of(workspace), config)
    if run is None:
        command = [sys.executable, "-m", "core", "train", "--preset", config.preset, "--seed", str(config.seed)]
        print(f"  {' '.join(command[1:])}", flush=True)
        subprocess.run(command, check=True, cwd=PROJECT)
        run = finished_run(Snapshot.of(workspace), config)
    if run is None:
        raise TrazoError(
            f"Training with the `{config.preset}` preset and seed {config.seed} did not finish. See the run's log."
        )
    return run
