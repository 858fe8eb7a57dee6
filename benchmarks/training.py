"""Time to 99 %: the presets `fast` and `original` beside the recipe of Keras' own MNIST example, all in one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.child import ONEDNN, measured
from benchmarks.recipes import KERAS, Curve
from benchmarks.report import Figure
from core.data.sources import find_mnist
from core.workspace import Workspace

TARGET = 0.99
"""Test accuracy that counts as learned, as a mean over seeds."""
SEEDS = 5
OTHER_SEEDS = 2
"""The others, whose epochs take minutes, train with so many of the seeds."""


@dataclass(frozen=True)
class Contender:
    """One way to train: `recipe` for `benchmarks.recipes`, and TensorFlow's switches."""

    title: str
    recipe: str
    environment: Mapping[str, str]


# Our worker turns oneDNN's kernels on. Keras' example runs as its users get it, and once more with the same switch.
FAST = Contender("`fast`", "fast", {ONEDNN: "1"})
OTHERS = (
    Contender("Keras' example", KERAS, {}),
    Contender(f"Keras' example with {ONEDNN}=1", KERAS, {ONEDNN: "1"}),
    Contender("`original`", "original", {ONEDNN: "1"}),
)


def time_to_target(seeds: int = SEEDS) -> list[Figure]:
    """Train all contenders in turn, seed by seed (1 to `seeds`), each in a process of its own; empty without MNIST.

    The seeds after the first two are those of `fast` alone.
    """
    if find_mnist(Workspace.from_environment()) is None:
        return []
    curves: dict[str, list[Curve]] = {contender.title: [] for contender in (FAST, *OTHERS)}
    for seed in range(1, seeds + 1):
        for contender in (FAST, *OTHERS) if seed <= OTHER_SEEDS else (FAST,):
            values = measured("benchmarks.recipes", contender.recipe, str(seed), environment=contender.environment)
            curve = Curve(**values)
            curves[contender.title].append(curve)
            print(
                f"  seed {seed}, {contender.title}: {curve.accuracies[-1]:.2%} after {curve.seconds[-1]:.1f} s",
                flush=True,
            )
    return figures(curves[FAST.title], {contender.title: curves[contender.title] for contender in OTHERS})


def figures(fast: Sequence[Curve], others: Mapping[str, Sequence[Curve]]) -> list[Figure]:
    """What `fast` reaches and when, when each other one's mean reaches 99 %, and the ratios of the times."""
    accuracies = [curve.accuracies[-1] for curve in fast]
    seconds = float(np.mean([curve.seconds[-1] for curve in fast]))
    of_seeds = f"mean of {len(fast)} seeds" if len(fast) > 1 else "1 seed"
    found = [
        Figure(f"`fast`: test accuracy at the last epoch, {of_seeds}", float(np.mean(accuracies)) * 100, "%"),
        Figure("`fast`: the same, worst seed", min(accuracies) * 100, "%"),
        Figure(f"`fast`: start to end of `fit`, {of_seeds}", seconds, "s"),
    ]
    for title, curves in others.items():
        reached = time_to(TARGET, curves)
        accuracy = float(np.mean([curve.accuracies[-1] for curve in curves]))
        epochs = len(curves[0].accuracies)
        found.append(Figure(f"{title}, {len(curves)} seeds: test accuracy after {epochs} epochs", accuracy * 100, "%"))
        if reached is None:
            whole = float(np.mean([curve.seconds[-1] for curve in curves]))
            found.append(Figure(f"{title}: 99 % never reached; all epochs", whole, "s"))
            found.append(Figure(f"`fast` is faster than {title}, at least", whole / seconds, "times"))
        else:
            epoch, spent = reached
            found.append(Figure(f"{title}: to the end of epoch {epoch}, whose mean is 99 % or more", spent, "s"))
            found.append(Figure(f"`fast` is faster than {title}", spent / seconds, "times"))
    return found


def time_to(target: float, curves: Sequence[Curve]) -> tuple[int, float] | None:
    """The first epoch (from 1) whose mean accuracy is `target` or more, and its mean seconds; None where none is."""
    means = np.mean([curve.accuracies for curve in curves], axis=0)
    reached = np.flatnonzero(means >= target)
    if not len(reached):
        return None
    epoch = int(reached[0])
    return epoch + 1, float(np.mean([curve.seconds[epoch] for curve in curves]))
