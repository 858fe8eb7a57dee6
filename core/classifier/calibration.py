"""Calibrated probabilities: temperature, expected calibration error, and the confidence threshold for close calls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from core.classifier.evaluation import Evaluation, wilson_interval

BINS = 15
"""Number of equal-width bins in which confidence is compared with accuracy, as in Guo et al. (2017)."""

TEMPERATURE_LIMITS = (0.2, 5.0)
"""Limits of the fitted temperature; without limits, a split without mistakes would make every prediction certain."""

UNSURE_BELOW = 0.8
"""Confidence below which a prediction is a close call, for models without their own threshold."""

_UNSURE_FRACTION = 0.02
"""Target fraction of close calls; for every preset, these include more than half of the mistakes."""

_UNSURE_LIMITS = (0.6, 0.9)
"""Bounds of the fitted confidence threshold, for models that are often or hardly ever unsure."""

_MIN_PROBABILITY = np.finfo(np.float32).tiny
"""Smaller probabilities are clipped to this value, so that logarithms are finite."""


@dataclass(frozen=True)
class ReliabilityBin:
    """Predictions with a confidence in (`low`, `high`]: their `count`, mean `confidence` and `accuracy`.

    `accuracy_low` and `accuracy_high`: 95% confidence interval (Wilson, 1927). Without predictions, all four
    are NaN.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return softmax probabilities float32 (n, 10) with their logits divided by a positive `temperature`.

    Log probabilities are used as logits, because the two differ only by a constant, which cancels out in the softmax.
    """
    if temperature == 1:
        return probabilities
    calibrated_probabilities = np.exp(_log_probabilities(probabilities, temperature))
    return calibrated_probabilities.astype(np.float32)


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature with the lowest cross-entropy on a validation split (Guo et al., 2017)."""
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        return -float(_log_probabilities(probabilities, np.exp(log_temperature))[rows, labels].mean())

    bounds = np.log(TEMPERATURE_LIMITS)
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-4}).x))


def fit_unsure_limit(validation: Evaluation) -> float:
    """Return the confidence below which a prediction is a close call, from calibrated validation predictions."""
    limit = float(np.quantile(validation.confidences, _UNSURE_FRACTION))
    return min(max(limit, _UNSURE_LIMITS[0]), _UNSURE_LIMITS[1])


def unsure_fractions(evaluation: Evaluation, limit: float) -> tuple[float, float]:
    """Return the fractions of all predictions and of mistakes with a confidence below `limit`.

    Without mistakes, the second fraction is 1.
    """
    unsure = evaluation.confidences < limit
    wrong = evaluation.predictions != evaluation.labels
    return float(unsure.mean()), float(unsure[wrong].mean()) if wrong.any() else 1.0


def reliability(evaluation: Evaluation, bins: int = BINS) -> list[ReliabilityBin]:
    """Return the mean confidence and the accuracy in each of `bins` confidence bins of equal width."""
    confidences = evaluation.confidences.astype(np.float64)
    correct = evaluation.predictions == evaluation.labels
    edges = np.linspace(0, 1, bins + 1)
    bin_indices = np.clip(np.searchsorted(edges, confidences, side="left") - 1, 0, bins - 1)
    counts = np.bincount(bin_indices, minlength=bins)
    confidence_sums = np.bincount(bin_indices, confidences, bins)
    correct_counts = np.bincount(bin_indices, correct, bins)
    return [
        _reliability_bin(*row)
        for row in zip(edges[:-1], edges[1:], counts, confidence_sums, correct_counts, strict=True)
    ]


def _reliability_bin(low: float, high: float, count: int, confidence_sum: float, correct: float) -> ReliabilityBin:
    if not count:
        nan = float("nan")
        return ReliabilityBin(float(low), float(high), 0, nan, nan, nan, nan)
    accuracy_low, accuracy_high = wilson_interval(int(correct), int(count))
    return ReliabilityBin(
        low=float(low),
        high=float(high),
        count=int(count),
        confidence=float(confidence_sum / count),
        accuracy=float(correct / count),
        accuracy_low=accuracy_low,
        accuracy_high=accuracy_high,
    )


def expected_calibration_error(evaluation: Evaluation, bins: int = BINS) -> float:
    """Return the mean gap between confidence and accuracy, weighted by bin count, 0..1 (Naeini et al., 2015)."""
    used_bins = [bin_ for bin_ in reliability(evaluation, bins) if bin_.count]
    return sum(bin_.count * abs(bin_.accuracy - bin_.confidence) for bin_ in used_bins) / len(evaluation.labels)


def brier_score(evaluation: Evaluation) -> float:
    """Return the mean squared distance from the ten probabilities to the label, 0 (perfect) to 2 (Brier, 1950)."""
    one_hot = np.eye(evaluation.probabilities.shape[1])[evaluation.labels]
    return float(((evaluation.probabilities - one_hot) ** 2).sum(axis=1).mean())


def _log_probabilities(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return the log probabilities at this temperature, float64 (n, 10)."""
    logits = np.log(np.maximum(probabilities, _MIN_PROBABILITY).astype(np.float64)) / temperature
    logits -= logits.max(axis=1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
