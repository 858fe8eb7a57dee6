"""The best trials of a sweep: the Pareto front, and the trial that is retrained."""

from __future__ import annotations

from collections.abc import Sequence

from core.sweeps.records import MAXIMIZED, Objective, Trial


def pareto_front(trials: Sequence[Trial], objectives: Sequence[Objective]) -> tuple[int, ...]:
    """Return the numbers of the complete trials that no other trial beats, ordered by the first objective.

    A trial beats another if it is at least as good in each objective and better in one. With one objective, only the
    first of the best trials is returned.
    """
    costs = {trial.number: _costs(trial, objectives) for trial in trials if trial.state == "complete"}
    front: list[int] = []
    least = float("inf")
    # Sorted by the first cost, then the second, a trial is beaten if and only if an earlier second cost is no larger.
    for number in sorted(costs, key=lambda number: (costs[number], number)):
        second = costs[number][-1]
        if second < least or (front and costs[number] == costs[front[-1]] and len(objectives) > 1):
            front.append(number)
            least = second
    return tuple(front)


def best_trial(trials: Sequence[Trial], objectives: Sequence[Objective]) -> Trial | None:
    """Return the trial that is best in the first objective, then in the second; None if no trial is complete."""
    complete = [trial for trial in trials if trial.state == "complete"]
    return min(complete, key=lambda trial: (_costs(trial, objectives), trial.number), default=None)


def _costs(trial: Trial, objectives: Sequence[Objective]) -> tuple[float, ...]:
    """Return the values with signs such that lower is better."""
    pairs = zip(trial.values or (), objectives, strict=True)
    return tuple(-value if objective in MAXIMIZED else value for value, objective in pairs)
