"""The comparison of a winner with the sweep's own settings: is the difference larger than the spread between seeds?"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean

from core.classifier.bundle import Metrics
from core.errors import BundleError, RunError
from core.runs.registry import find_run
from core.runs.trial import read_trial_result
from core.sweeps.records import Objective, Progress, TrialResult, Winner
from core.workspace import Workspace

_ENOUGH_SEEDS = 6
"""Equally good settings differ by more than the spread in 5% of comparisons of three seeds with three, but in 24% of
three with one."""


@dataclass(frozen=True)
class SeedComparison:
    """Accuracies with different seeds, 0..1.

    `winner`: the sweep's first objective in the winner's runs. `base`: the same for the first trial, which has the
    sweep's own settings. `test_accuracies`: those of the winner's runs. These runs use other seeds than the winning
    trial, so that the luck that made it win does not count again.
    """

    winner: tuple[float, ...]
    base: tuple[float, ...]
    test_accuracies: tuple[float, ...]
    objective: Objective

    @property
    def difference(self) -> float:
        """The mean of the winner minus that of the first trial."""
        return mean(self.winner) - mean(self.base)

    @property
    def spread(self) -> float:
        """The difference between the best and the worst seed, of the winner or the first trial, whichever is larger."""
        return max(max(values) - min(values) for values in (self.winner, self.base))

    @property
    def within_spread(self) -> bool:
        """True if the difference is no larger than the spread of the seeds, so that it may be chance."""
        # Accuracies have at most six decimals here.
        return abs(self.difference) <= self.spread + 1e-9

    @property
    def few_seeds(self) -> bool:
        """True if even a difference beyond the spread is often chance."""
        return len(self.winner) + len(self.base) < _ENOUGH_SEEDS


def compare_seeds(
    workspace: Workspace, progress: Progress, winner: Winner, objective: Objective
) -> SeedComparison | None:
    """Return the comparison of a winner with the first trial, or None if one of them has no accuracies yet.

    `objective`: the sweep's first one, an accuracy. If the winner has the first trial's settings, there is nothing to
    compare, and the result is None, too.
    """
    if has_first_settings(progress, winner):
        return None
    first = next((trial.results for trial in progress.trials if trial.number == 0 and trial.state == "complete"), ())
    base = tuple(value for result in first if (value := _accuracy(result, objective)) is not None)
    accuracies, test_accuracies = [], []
    for run_id in winner.runs:
        try:
            run = find_run(workspace, run_id)
            # A stopped run has a model, too, but did not finish training.
            if run.status().state != "finished" or not run.bundle.complete:
                continue
            metrics = run.bundle.card().metrics
            # Of the accuracies on the validation split, the card has only this one.
            in_card = objective == "validation_accuracy"
            accuracy = _accuracy(metrics if in_card else read_trial_result(run.trial_result_file), objective)
        except (RunError, BundleError):  # deleted or damaged
            continue
        if accuracy is not None:
            accuracies.append(accuracy)
            test_accuracies.append(metrics.test_accuracy)
    if not base or len(accuracies) < 2:
        return None
    return SeedComparison(tuple(accuracies), base, tuple(test_accuracies), objective)


def has_first_settings(progress: Progress, winner: Winner) -> bool:
    """Return True if a winner has the settings of the first trial."""
    settings = {trial.number: trial.settings for trial in progress.trials}
    return winner.trial in settings and settings[winner.trial] == settings.get(0)


def _accuracy(result: TrialResult | Metrics | None, objective: Objective) -> float | None:
    return getattr(result, objective, None)
