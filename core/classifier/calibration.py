"""Calibrated probabilities: the temperature, the calibration error, and the limit of close calls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from core.classifier.evaluation import Evaluation, wilson_interval

BINS = 15
"""Bins of equal width in which confidence is compared with accuracy, as in Guo et al. (2017)."""

TEMPERATURE_LIMITS = (0.2, 5.0)
"""Limits of the fit: without them, a split without mistakes would make every prediction certain."""

UNSURE_BELOW = 0.8
"""Confidence below which a prediction is a close call, for models without their own limit."""

_UNSURE_SHARE = 0.02
"""Share of close calls: they had more than half of the mistakes of all presets."""

_UNSURE_LIMITS = (0.6, 0.9)
"""Limits of the confidence of close calls, for models that are often or hardly ever in doubt."""

_MIN_PROBABILITY = np.finfo(np.float32).tiny
"""Smallest probability that is told from zero, so that logarithms are finite."""


@dataclass(frozen=True)
class ReliabilityBin:
    """Predictions with a confidence in (`low`, `high`]: their mean `confidence` and their `accuracy`.

    `accuracy_low` and `accuracy_high`: 95 % interval (Wilson, 1927). Without predictions all four are NaN.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return softmax probabilities float32 (n, 10) with their logits divided by a positive `temperature`.

    Logarithms of the probabilities replace the logits: the constant between them cancels out in the softmax.
    """
    if temperature == 1:
        return probabilities
    powers = np.exp(_log_probabilities(probabilities, temperature))
    return powers.astype(np.float32)


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature with the lowest cross-entropy on a validation split (Guo et al., 2017)."""
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        return -float(_log_probabilities(probabilities, np.exp(log_temperature))[rows, labels].mean())

    bounds = np.log(TEMPERATURE_LIMITS)
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-4}).x))


def fit_unsure_limit(validation: Evaluation) -> float:
    """Return the confidence below which a prediction is a close call, from calibrated validation predictions."""
    limit = float(np.quantile(validation.confidences, _UNSURE_SHARE))
    return min(max(limit, _UNSURE_LIMITS[0]), _UNSURE_LIMITS[1])


def unsure_shares(evaluation: Evaluation, limit: float) -> tuple[float, float]:
    """Return the shares of all predictions, and of mistakes, with a confidence below `limit`; 1 without mistakes."""
    unsure = evaluation.confidences < limit
    wrong = evaluation.predictions != evaluation.labels
    return float(unsure.mean()), float(unsure[wrong].mean()) if wrong.any() else 1.0


def reliability(evaluation: Evaluation, bins: int = BINS) -> list[ReliabilityBin]:
    """Group predictions by confidence into `bins` of equal width, with confidence and accuracy of each."""
    confidences = evaluation.confidences.astype(np.float64)
    right = evaluation.predictions == evaluation.labels
    edges = np.linspace(0, 1, bins + 1)
    places = np.clip(np.searchsorted(edges, confidences, side="left") - 1, 0, bins - 1)
    counts = np.bincount(places, minlength=bins)
    sums = np.bincount(places, confidences, bins)
    hits = np.bincount(places, right, bins)
    return [_bin(*row) for row in zip(edges[:-1], edges[1:], counts, sums, hits, strict=True)]


def _bin(low: float, high: float, count: int, confidences: float, right: float) -> ReliabilityBin:
    nothing = float("nan")
    if not count:
        return ReliabilityBin(float(low), float(high), 0, nothing, nothing, nothing, nothing)
    least, most = wilson_interval(int(right), int(count))
    means = float(confidences / count), float(right / count)
    return ReliabilityBin(float(low), float(high), int(count), *means, least, most)


def expected_calibration_error(evaluation: Evaluation, bins: int = BINS) -> float:
    """Return the mean distance of confidence and accuracy, bins weighted by size, 0..1 (Naeini et al., 2015)."""
    filled = [row for row in reliability(evaluation, bins) if row.count]
    return sum(row.count * abs(row.accuracy - row.confidence) for row in filled) / len(evaluation.labels)


def brier_score(evaluation: Evaluation) -> float:
    """Return the mean squared distance of the ten probabilities from the truth, 0 (perfect) to 2 (Brier, 1950)."""
    truth = np.eye(evaluation.probabilities.shape[1])[evaluation.labels]
    return float(((evaluation.probabilities - truth) ** 2).sum(axis=1).mean())


def _log_probabilities(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return the logarithms of the tempered probabilities, float64 (n, 10)."""
    logits = np.log(np.maximum(probabilities, _MIN_PROBABILITY).astype(np.float64)) / temperature
    logits -= logits.max(axis=1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
