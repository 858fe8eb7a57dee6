"""Training time to 99% test accuracy: the presets `fast` and `original` compared with Keras's own MNIST example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.child import ONEDNN, measure_in_child
from benchmarks.recipes import KERAS, Curve
from benchmarks.report import Figure
from core.data.sources import find_mnist
from core.workspace import Workspace

TARGET = 0.99
"""Target for the mean test accuracy over all seeds."""
SEEDS = 5
BASELINE_SEEDS = 2
"""Number of seeds for each recipe except `fast`; the epochs of the others take minutes."""


@dataclass(frozen=True)
class Contender:
    """A recipe in `benchmarks.recipes`, and the environment variables with which it is trained."""

    title: str
    recipe: str
    environment: Mapping[str, str]


# Trazo's worker enables oneDNN, so Keras's example runs with its defaults and again with oneDNN.
FAST = Contender("`fast`", "fast", {ONEDNN: "1"})
BASELINES = (
    Contender("Keras's example", KERAS, {}),
    Contender(f"Keras's example with {ONEDNN}=1", KERAS, {ONEDNN: "1"}),
    Contender("`original`", "original", {ONEDNN: "1"}),
)


def time_to_target(seeds: int = SEEDS) -> list[Figure]:
    """Train every contender with the first two seeds, and `fast` with all seeds, each in a separate process.

    Returns nothing without MNIST.
    """
    if find_mnist(Workspace.from_environment()) is None:
        return []
    curves: dict[str, list[Curve]] = {contender.title: [] for contender in (FAST, *BASELINES)}
    for seed in range(1, seeds + 1):
        for contender in (FAST, *BASELINES) if seed <= BASELINE_SEEDS else (FAST,):
            curves[contender.title].append(_train(contender, seed))
    return figures(curves[FAST.title], {contender.title: curves[contender.title] for contender in BASELINES})


def _train(contender: Contender, seed: int) -> Curve:
    values = measure_in_child("benchmarks.recipes", contender.recipe, str(seed), environment=contender.environment)
    curve = Curve(**values)
    accuracy, seconds = curve.accuracies[-1], curve.seconds[-1]
    print(f"  seed {seed}, {contender.title}: {accuracy:.2%} after {seconds:.1f} s", flush=True)
    return curve


def figures(fast: Sequence[Curve], baselines: Mapping[str, Sequence[Curve]]) -> list[Figure]:
    """Return the accuracy and duration of `fast`, each baseline's time to 99%, and the speedups."""
    accuracies = [curve.accuracies[-1] for curve in fast]
    seconds = _duration(fast)
    seeds = _seeds_text(fast)
    result = [
        Figure(f"`fast`: test accuracy after the last epoch, {seeds}", float(np.mean(accuracies)) * 100, "%"),
        Figure("`fast`: test accuracy after the last epoch, worst seed", min(accuracies) * 100, "%"),
        Figure(f"`fast`: duration of `fit`, {seeds}", seconds, "s"),
    ]
    for title, curves in baselines.items():
        result += _baseline_figures(title, curves, seconds)
    return result


def _baseline_figures(title: str, curves: Sequence[Curve], fast_seconds: float) -> list[Figure]:
    accuracy = float(np.mean([curve.accuracies[-1] for curve in curves]))
    epochs = len(curves[0].accuracies)
    final_accuracy = Figure(f"{title}: test accuracy after {epochs} epochs, {_seeds_text(curves)}", accuracy * 100, "%")
    reached = time_to(TARGET, curves)
    if reached is None:
        total = _duration(curves)
        return [
            final_accuracy,
            Figure(f"{title}: 99% not reached, duration of all epochs", total, "s"),
            Figure(f"Speedup of `fast` over {title}, lower bound", total / fast_seconds, "×"),
        ]
    epoch, seconds = reached
    return [
        final_accuracy,
        Figure(f"{title}: time to a mean test accuracy of 99%, reached in epoch {epoch}", seconds, "s"),
        Figure(f"Speedup of `fast` over {title}", seconds / fast_seconds, "×"),
    ]


def _seeds_text(curves: Sequence[Curve]) -> str:
    return f"mean of {len(curves)} seeds" if len(curves) > 1 else "1 seed"


def _duration(curves: Sequence[Curve]) -> float:
    return float(np.mean([curve.seconds[-1] for curve in curves]))


def time_to(target: float, curves: Sequence[Curve]) -> tuple[int, float] | None:
    """Return the first epoch (from 1) whose mean accuracy reaches `target`, and the mean seconds to its end.

    Returns None if there is no such epoch.
    """
    means = np.mean([curve.accuracies for curve in curves], axis=0)
    reached = np.flatnonzero(means >= target)
    if not len(reached):
        return None
    epoch = int(reached[0])
    return epoch + 1, float(np.mean([curve.seconds[epoch] for curve in curves]))
