"""Calibration: the temperature, close calls, and the expected calibration error."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.metrics import brier_score_loss

from core.classifier.calibration import (
    TEMPERATURE_LIMITS,
    apply_temperature,
    brier_score,
    expected_calibration_error,
    fit_temperature,
    fit_unsure_limit,
    reliability,
    unsure_fractions,
)
from core.classifier.evaluation import Evaluation

temperatures = st.floats(*TEMPERATURE_LIMITS)


def logits(seed: int, count: int, scale: float = 3.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, scale, (count, 10))


def calibrated_evaluation(seed: int, count: int, scale: float = 3.0) -> Evaluation:
    """Return perfectly calibrated predictions: the labels are drawn from the predicted probabilities."""
    probabilities = softmax(logits(seed, count, scale), axis=1)
    uniform_draws = np.random.default_rng(seed + 1).random((count, 1))
    labels = (probabilities.cumsum(axis=1) < uniform_draws).sum(axis=1).clip(0, 9)
    return Evaluation(probabilities.astype(np.float32), labels.astype(np.uint8))


@given(st.integers(0, 1000), temperatures)
def test_temperature_divides_the_logits(seed: int, temperature: float) -> None:
    raw = logits(seed, 20)

    scaled = apply_temperature(softmax(raw, axis=1).astype(np.float32), temperature)

    assert scaled.dtype == np.float32
    assert scaled == pytest.approx(softmax(raw / temperature, axis=1), abs=1e-5)
    assert scaled.sum(axis=1) == pytest.approx(np.ones(20), abs=1e-5)


@given(st.integers(0, 1000), temperatures)
def test_temperature_keeps_the_order_of_probabilities(seed: int, temperature: float) -> None:
    probabilities = softmax(logits(seed, 20), axis=1).astype(np.float32)

    scaled = apply_temperature(probabilities, temperature)

    order = probabilities.argsort(axis=1)
    assert (np.diff(np.take_along_axis(scaled, order, axis=1), axis=1) >= 0).all()


@given(st.integers(0, 1000))
def test_higher_temperature_lowers_confidence(seed: int) -> None:
    probabilities = softmax(logits(seed, 20), axis=1).astype(np.float32)

    confidences = [apply_temperature(probabilities, temperature).max(axis=1) for temperature in (0.3, 1.0, 2.0, 4.0)]

    assert (np.diff(confidences, axis=0) <= 1e-6).all()


def test_probabilities_of_0_and_1_stay_finite() -> None:
    certain = np.eye(10, dtype=np.float32)

    for temperature in TEMPERATURE_LIMITS:
        scaled = apply_temperature(certain, temperature)
        assert np.isfinite(scaled).all()
        assert (scaled.argmax(axis=1) == np.arange(10)).all()


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.5])
def test_fit_recovers_a_known_temperature(factor: float) -> None:
    truth = calibrated_evaluation(7, 20_000, 2.0)
    distorted = apply_temperature(truth.probabilities, 1 / factor)

    assert fit_temperature(distorted, truth.labels) == pytest.approx(factor, rel=0.05)


def test_fit_without_mistakes_stays_within_limits() -> None:
    probabilities = softmax(5 * np.eye(10), axis=1).astype(np.float32)

    assert fit_temperature(probabilities, np.arange(10)) >= TEMPERATURE_LIMITS[0]


@pytest.mark.parametrize("scale", [1.0, 3.0, 6.0])
def test_calibration_error_of_calibrated_predictions_is_small(scale: float) -> None:
    errors = [expected_calibration_error(calibrated_evaluation(3, count, scale)) for count in (300, 100_000)]

    assert errors[1] < 0.006
    assert errors[1] < errors[0]


def test_calibration_error_is_the_overconfidence() -> None:
    probabilities = np.tile(np.array([0.9, 0.1] + [0.0] * 8, np.float32), (100, 1))
    labels = np.array([0] * 60 + [1] * 40, np.uint8)

    assert expected_calibration_error(Evaluation(probabilities, labels)) == pytest.approx(0.3, abs=1e-6)


@given(st.integers(0, 1000), st.integers(1, 200))
def test_every_prediction_is_in_its_bin(seed: int, count: int) -> None:
    evaluation = calibrated_evaluation(seed, count)

    bins = reliability(evaluation)

    assert len(bins) == 15
    assert sum(bin_.count for bin_ in bins) == count
    assert sum(bin_.count * bin_.accuracy for bin_ in bins if bin_.count) == pytest.approx(evaluation.accuracy * count)
    for bin_ in bins:
        in_range = bin_.low - 1e-6 <= bin_.confidence <= bin_.high + 1e-6
        assert in_range if bin_.count else np.isnan(bin_.confidence)


def test_certain_predictions_are_in_the_last_bin() -> None:
    bins = reliability(Evaluation(np.eye(10, dtype=np.float32), np.arange(10)))

    assert [bin_.count for bin_ in bins] == [0] * 14 + [10]
    assert (bins[-1].confidence, bins[-1].accuracy) == (1.0, 1.0)


@given(st.integers(0, 1000))
def test_brier_score_agrees_with_scikit_learn(seed: int) -> None:
    evaluation = calibrated_evaluation(seed, 50)
    exact = evaluation.probabilities.astype(float)
    exact /= exact.sum(axis=1, keepdims=True)

    expected = brier_score_loss(evaluation.labels, exact, labels=range(10), scale_by_half=False)

    assert brier_score(evaluation) == pytest.approx(expected, abs=1e-5)


def test_two_percent_of_predictions_are_close_calls() -> None:
    confidences = np.concatenate([np.linspace(0.6, 0.8, 20), np.full(980, 0.99)])
    probabilities = np.zeros((1000, 10), np.float32)
    probabilities[:, 4], probabilities[:, 9] = confidences, 1 - confidences
    labels = np.full(1000, 4, np.uint8)
    labels[:5] = labels[-5:] = 9
    validation = Evaluation(probabilities, labels)

    limit = fit_unsure_limit(validation)

    assert 0.8 <= limit <= 0.9
    assert unsure_fractions(validation, limit) == (0.02, 0.5)


@pytest.mark.parametrize(("confidence", "limit"), [(0.3, 0.6), (0.999, 0.9)])
def test_threshold_for_close_calls_stays_within_bounds(confidence: float, limit: float) -> None:
    probabilities = np.full((50, 10), (1 - confidence) / 9, np.float32)
    probabilities[:, 0] = confidence

    assert fit_unsure_limit(Evaluation(probabilities, np.zeros(50, np.uint8))) == limit
