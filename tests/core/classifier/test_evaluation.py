"""Metrics agree with scikit-learn and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn import metrics

from core.classifier.evaluation import (
    Evaluation,
    accuracy_interval,
    cell_members,
    class_metrics,
    confusion_matrix,
    mistakes,
    row_fractions,
    wilson_interval,
)


@st.composite
def evaluations(draw: st.DrawFn) -> Evaluation:
    """Draw random predictions, about half of which are correct."""
    seed, count = draw(st.integers(0, 2**32 - 1)), draw(st.integers(1, 200))
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count).astype(np.uint8)
    scores = rng.random((count, 10)) + np.eye(10)[labels] * rng.random((count, 1))
    return Evaluation((scores / scores.sum(1, keepdims=True)).astype(np.float32), labels)


@given(evaluations())
def test_confusion_matrix_agrees_with_scikit_learn(evaluation: Evaluation) -> None:
    expected = metrics.confusion_matrix(evaluation.labels, evaluation.predictions, labels=range(10))

    assert np.array_equal(expected, confusion_matrix(evaluation))


@given(evaluations())
def test_class_metrics_agree_with_scikit_learn(evaluation: Evaluation) -> None:
    expected = metrics.precision_recall_fscore_support(
        evaluation.labels, evaluation.predictions, labels=range(10), zero_division=0
    )

    rows = class_metrics(confusion_matrix(evaluation))

    assert [row.digit for row in rows] == list(range(10))
    for values, name in zip(expected, ("precision", "recall", "f1", "support"), strict=True):
        assert [getattr(row, name) for row in rows] == pytest.approx(list(values))


@given(evaluations())
def test_accuracy_and_loss_agree_with_scikit_learn(evaluation: Evaluation) -> None:
    assert evaluation.accuracy == pytest.approx(metrics.accuracy_score(evaluation.labels, evaluation.predictions))
    exact = evaluation.probabilities.astype(float)
    exact /= exact.sum(axis=1, keepdims=True)
    expected = metrics.log_loss(evaluation.labels, exact, labels=range(10))
    assert evaluation.loss == pytest.approx(expected, rel=1e-3)


@given(st.integers(1, 20000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_interval_agrees_with_scipy(numbers: tuple[int, int]) -> None:
    correct, total = numbers
    expected = binomtest(correct, total).proportion_ci(0.95, "wilson")

    assert wilson_interval(correct, total) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(evaluations())
def test_accuracy_is_within_its_interval(evaluation: Evaluation) -> None:
    low, high = accuracy_interval(evaluation)

    assert 0 <= low <= evaluation.accuracy <= high <= 1


@given(evaluations())
def test_mistakes_are_sorted_by_confidence(evaluation: Evaluation) -> None:
    found = mistakes(evaluation)

    assert set(found) == set(np.flatnonzero(evaluation.predictions != evaluation.labels))
    confidence = evaluation.probabilities.max(axis=1)[found]
    assert (np.diff(confidence) <= 0).all()


@given(evaluations())
def test_each_image_is_in_exactly_one_cell(evaluation: Evaluation) -> None:
    matrix = confusion_matrix(evaluation)
    all_members: list[int] = []

    for true in range(10):
        for predicted in range(10):
            members = cell_members(evaluation, true, predicted)
            assert len(members) == matrix[true, predicted]
            all_members.extend(members)

    assert sorted(all_members) == list(range(len(evaluation.labels)))


@given(evaluations())
def test_row_fractions_sum_to_one(evaluation: Evaluation) -> None:
    matrix = confusion_matrix(evaluation)

    assert row_fractions(matrix).sum(axis=1) == pytest.approx((matrix.sum(axis=1) > 0).astype(float))
