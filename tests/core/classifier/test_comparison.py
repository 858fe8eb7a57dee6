"""The comparison of two models agrees with SciPy's statistical tests."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from core.classifier.comparison import EXACT_BELOW, Comparison, compare, mcnemar
from core.classifier.evaluation import Evaluation

COUNT = st.integers(0, 400)


def certain_evaluation(predictions: np.ndarray, labels: np.ndarray) -> Evaluation:
    """Return the evaluation of a model that is certain of these predictions."""
    return Evaluation(np.eye(10, dtype=np.float32)[predictions], labels)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Evaluation, Evaluation]:
    """Draw two models' predictions for the same images, with only three digits, so that they often agree."""
    count = draw(st.integers(1, 60))
    digits = arrays(np.uint8, count, elements=st.integers(0, 2))
    labels = draw(digits)
    return certain_evaluation(draw(digits), labels), certain_evaluation(draw(digits), labels)


def comparison_of_sizes(both: int, only_first: int, only_second: int, neither: int) -> Comparison:
    ends = np.cumsum([both, only_first, only_second, neither])
    return Comparison(*np.split(np.arange(ends[-1]), ends[:-1]))


@given(pairs())
def test_every_image_is_in_one_of_four_groups(
    pair: tuple[Evaluation, Evaluation],
) -> None:
    first, second = pair
    comparison = compare(first, second)

    groups = [comparison.both, comparison.only_first, comparison.only_second, comparison.neither]
    assert sorted(np.concatenate(groups)) == list(range(len(first.labels)))
    assert comparison.difference == pytest.approx(first.accuracy - second.accuracy)
    low, high = comparison.interval
    assert -1 <= low <= high <= 1
    for index in comparison.only_first:
        assert first.predictions[index] == first.labels[index] != second.predictions[index]


@given(pairs())
def test_swapped_models_mirror_the_comparison(pair: tuple[Evaluation, Evaluation]) -> None:
    one, other = compare(*pair), compare(*reversed(pair))

    assert one.only_first.tolist() == other.only_second.tolist()
    assert one.difference == -other.difference
    assert one.p_value == other.p_value
    assert one.interval == pytest.approx(tuple(-end for end in reversed(other.interval)))


@given(COUNT, COUNT)
def test_p_value_agrees_with_scipy(only_first: int, only_second: int) -> None:
    discordant = only_first + only_second
    if discordant < EXACT_BELOW:
        expected = stats.binomtest(only_first, discordant, 0.5).pvalue if discordant else 1.0
    elif only_first == only_second:
        # SciPy's continuity correction, like ours, stops at the expected count.
        expected = 1.0
    else:
        expected = stats.chi2.sf((abs(only_first - only_second) - 1) ** 2 / discordant, 1)

    assert mcnemar(only_first, only_second) == pytest.approx(expected, rel=1e-9, abs=1e-300)


@given(st.integers(EXACT_BELOW, 400), st.data())
def test_exact_and_chi_squared_tests_agree_at_the_limit(discordant: int, data: st.DataObject) -> None:
    only_first = data.draw(st.integers(0, discordant))

    exact = stats.binomtest(only_first, discordant, 0.5).pvalue

    assert mcnemar(only_first, discordant - only_first) == pytest.approx(exact, abs=0.03)


@given(COUNT, COUNT)
def test_chi_squared_agrees_with_scipy(only_first: int, only_second: int) -> None:
    if only_first + only_second < EXACT_BELOW:
        return
    # For two counts compared with their mean, Yates' correction equals Edwards'.
    mean = (only_first + only_second) / 2
    corrected = [count + np.clip(mean - count, -0.5, 0.5) for count in (only_first, only_second)]

    assert mcnemar(only_first, only_second) == pytest.approx(stats.chisquare(corrected).pvalue, rel=1e-9, abs=1e-300)


def test_worked_examples() -> None:
    # Ten heads in a row: 2 / 2 ** 10.
    assert mcnemar(10, 0) == pytest.approx(2 / 1024)
    assert mcnemar(0, 0) == 1
    assert mcnemar(5, 5) == 1
    # The table in Agresti (2002), section 10.1.1: 86 and 150 changed their minds; z = 4.17 without correction.
    assert mcnemar(150, 86) == pytest.approx(stats.chi2.sf(63**2 / 236, 1))


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300), st.integers(1, 300))
def test_interval_contains_the_difference(both: int, only_first: int, only_second: int, neither: int) -> None:
    comparison = comparison_of_sizes(both, only_first, only_second, neither)
    low, high = comparison.interval

    assert low - 1e-12 <= comparison.difference <= high + 1e-12


def test_interval_covers_true_difference_95_percent_of_the_time() -> None:
    rng = np.random.default_rng(5)
    proportions = [0.95, 0.02, 0.01, 0.02]
    covered_count = 0
    for counts in rng.multinomial(2000, proportions, size=2000):
        low, high = comparison_of_sizes(*counts).interval
        covered_count += low <= proportions[1] - proportions[2] <= high

    assert covered_count / 2000 == pytest.approx(0.95, abs=0.02)


def test_predictions_for_different_images_are_not_compared() -> None:
    labels = np.arange(4, dtype=np.uint8)

    with pytest.raises(ValueError, match="same test images"):
        compare(certain_evaluation(labels, labels), certain_evaluation(labels, labels[::-1]))
