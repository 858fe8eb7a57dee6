"""The comparison of a winner with the sweep's own settings: is the difference larger than that between seeds?"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean

from core.errors import BundleError, RunError
from core.runs.registry import find_run
from core.sweeps.records import Progress, Winner
from core.workspace import Workspace


@dataclass(frozen=True)
class SeedComparison:
    """Validation accuracies, 0..1, with different seeds: the winner's, and those of the first trial, which has the
    sweep's own settings. `test_accuracies`: the winner's.

    The winner's runs have other seeds than its trial, so that the luck which made it win does not count again.
    """

    winner: tuple[float, ...]
    base: tuple[float, ...]
    test_accuracies: tuple[float, ...]

    @property
    def difference(self) -> float:
        """The mean of the winner minus that of the first trial."""
        return mean(self.winner) - mean(self.base)

    @property
    def spread(self) -> float:
        """The difference between the best and the worst seed, of the winner or of the first trial if that is larger."""
        return max(max(values) - min(values) for values in (self.winner, self.base))

    @property
    def within_spread(self) -> bool:
        """True if the difference is no larger than the spread of the seeds, so that it may be chance."""
        # Accuracies have at most six digits here.
        return abs(self.difference) <= self.spread + 1e-9


def compare_seeds(workspace: Workspace, progress: Progress, winner: Winner) -> SeedComparison | None:
    """Return the comparison of a winner with the first trial, or None if one of them has no accuracies yet."""
    base = next((trial.results for trial in progress.trials if trial.number == 0 and trial.state == "complete"), ())
    metrics = []
    for run_id in winner.runs:
        try:
            run = find_run(workspace, run_id)
            # A run that was stopped has a model, too, but was not trained to its end.
            if run.status().state == "finished" and run.bundle.complete:
                metrics.append(run.bundle.card().metrics)
        except (RunError, BundleError):  # deleted or damaged
            continue
    if not base or len(metrics) < 2:
        return None
    return SeedComparison(
        tuple(each.validation_accuracy for each in metrics),
        tuple(result.validation_accuracy for result in base),
        tuple(each.test_accuracy for each in metrics),
    )
