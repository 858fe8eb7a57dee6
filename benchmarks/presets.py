"""What the presets reach: the mean of several seeds, each trained as `python -m core train` trains it."""

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

SEEDS = (42, 43, 44)


def best() -> list[Figure]:
    """Accuracies of the preset whose model ships."""
    return _accuracies("best")


def tiny() -> list[Figure]:
    """Accuracies of the smallest preset."""
    return _accuracies("tiny")


def _accuracies(name: str) -> list[Figure]:
    """Figures of one preset; empty without MNIST.

    Runs of the workspace with the very same settings count, whoever started them; those that lack are trained first.
    """
    workspace = Workspace.from_environment()
    if find_mnist(workspace) is None:
        return []
    return figures(workspace, name, [_finished(workspace, replace_settings(preset(name), seed=seed)) for seed in SEEDS])


def figures(workspace: Workspace, name: str, runs: Sequence[Run]) -> list[Figure]:
    """Test accuracies of one preset's runs: mean with its interval, each, and without the disputed labels."""
    cards = [run.bundle.card() for run in runs]
    accuracies = np.array([card.metrics.test_accuracy for card in cards]) * 100
    found = [
        Figure(f"`{name}`: parameters", cards[0].parameters, ""),
        Figure(f"`{name}`: size of the .tflite", runs[0].bundle.tflite_file.stat().st_size / 1e6, "MB"),
        Figure(f"`{name}`: test accuracy after the last epoch, mean of {len(runs)} seeds", accuracies.mean(), "%"),
    ]
    if len(runs) > 1:
        # Student's t: what a mean of so few trainings says about the next one hundred.
        half = stats.t.ppf(0.975, len(runs) - 1) * stats.sem(accuracies)
        found.append(Figure(f"`{name}`: 95 % interval of that mean, either way", float(half), "%"))
    for run, card in zip(runs, cards, strict=True):
        found += _of_seed(workspace, name, run, card)
    left = [_undisputed(run) for run in runs]
    found.append(Figure(f"`{name}`: mean without the 15 disputed labels", float(np.mean(left)) * 100, "%"))
    drawn = [card.robustness.canvas for card in cards if card.robustness]
    if len(drawn) == len(cards):
        found.append(Figure(f"`{name}`: test images drawn on the canvas, mean", float(np.mean(drawn)) * 100, "%"))
    return found


def _of_seed(workspace: Workspace, name: str, run: Run, card: Card) -> list[Figure]:
    seed, metrics, status = card.config.seed, card.metrics, run.status()
    whole = (status.ended or 0.0) - (status.started or 0.0)
    found = [
        Figure(f"`{name}`, seed {seed}: validation accuracy", metrics.validation_accuracy * 100, "%"),
        Figure(f"`{name}`, seed {seed}: test accuracy", metrics.test_accuracy * 100, "%"),
        Figure(f"`{name}`, seed {seed}: training", card.seconds / 60, "min"),
    ]
    if whole > card.seconds:  # one that was resumed has only its last process on record
        found.append(
            Figure(f"`{name}`, seed {seed}: from the start of its process to the whole bundle", whole / 60, "min")
        )
    teachers = [finished_run(Snapshot.of(workspace), wanted) for wanted in teacher_configs(card.config)]
    if teachers and all(teachers):
        together = sum(teacher.bundle.card().seconds for teacher in teachers if teacher) / 60
        found.append(Figure(f"`{name}`, seed {seed}: training of its teachers, once for all seeds", together, "min"))
    return found


def _undisputed(run: Run) -> float:
    evaluation = run.bundle.evaluation()
    disputed = disputed_labels(run.bundle.card().data.fingerprint, evaluation)
    return disputed.accuracy_without if disputed else evaluation.accuracy


def _finished(workspace: Workspace, config: TrainingConfig) -> Run:
    run = finished_run(Snapshot.of(workspace), config)
    if run is None:
        command = [sys.executable, "-m", "core", "train", "--preset", config.preset, "--seed", str(config.seed)]
        print(f"  {' '.join(command[1:])}", flush=True)
        subprocess.run(command, check=True, cwd=PROJECT)
        run = finished_run(Snapshot.of(workspace), config)
    if run is None:
        raise TrazoError(f"The training of `{config.preset}` with seed {config.seed} did not come to its end.")
    return run
