"""The Pareto front and the best trial."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.sweeps.pareto import best_trial, pareto_front
from core.sweeps.records import Objective, Trial

BOTH_OBJECTIVES: tuple[Objective, ...] = ("validation_accuracy", "parameters")


def trials_with(values: list[tuple[float, ...]]) -> list[Trial]:
    return [
        Trial(number=number, state="complete", settings={}, values=each, started=0.0)
        for number, each in enumerate(values)
    ]


def beats(first: tuple[float, ...], second: tuple[float, ...]) -> bool:
    at_least_as_good = first[0] >= second[0] and first[1] <= second[1]
    return at_least_as_good and first != second


@given(st.lists(st.tuples(st.integers(0, 5).map(float), st.integers(0, 5).map(float)), max_size=20))
def test_front_has_exactly_the_unbeaten_trials(values: list[tuple[float, ...]]) -> None:
    front = pareto_front(trials_with(values), BOTH_OBJECTIVES)

    unbeaten = {number for number, each in enumerate(values) if not any(beats(other, each) for other in values)}
    assert set(front) == unbeaten
    assert len(front) == len(unbeaten)


def test_one_objective_has_one_best_trial() -> None:
    trials = trials_with([(0.5,), (0.9,), (0.9,)])

    assert pareto_front(trials, ("validation_accuracy",)) == (1,)
    assert best_trial(trials, ("validation_accuracy",)) == trials[1]


def test_only_complete_trials_count() -> None:
    running = Trial(number=0, state="running", settings={}, started=0.0)
    pruned = Trial(number=1, state="pruned", settings={}, values=(1.0,), started=0.0)

    assert pareto_front([running, pruned], ("validation_accuracy",)) == ()
    assert best_trial([running, pruned], ("validation_accuracy",)) is None
