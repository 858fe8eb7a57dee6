"""Probabilities that mean what they say: the temperature, how far off they are, and when an answer is a close call."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from core.classifier.evaluation import Evaluation, wilson_interval

BINS = 15
"""Bins of equal width in which confidences are compared with accuracies, as Guo et al. (2017) do."""

LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.2, 5.0
"""Bounds of the fit: on a split without a mistake the likelihood alone would make every answer certain."""

UNSURE_BELOW = 0.8
"""Confidence under which an answer of a model without its own limit is a close call."""

_UNSURE_SHARE = 0.02
_UNSURE_BOUNDS = (0.6, 0.9)
_SMALLEST = np.finfo(np.float32).tiny


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers whose confidence lies in (`low`, `high`]: their mean `confidence`, and the share that was right.

    `accuracy_low` and `accuracy_high`: its 95 % interval (Wilson, 1927). Without answers all four are NaN.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Softmax probabilities float32 (n, 10) as if their logits had been divided by `temperature`, which is positive.

    log p is the logits but for a constant that softmax takes out again, so that the logits need not be known.
    """
    if temperature == 1:
        return probabilities
    powers = np.exp(_log_probabilities(probabilities, temperature))
    return powers.astype(np.float32)


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature with the least cross-entropy on a validation split (Guo et al., 2017), within its bounds."""
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        return -float(_log_probabilities(probabilities, np.exp(log_temperature))[rows, labels].mean())

    bounds = np.log((LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-4}).x))


def fit_unsure_limit(validation: Evaluation) -> float:
    """The confidence under which an answer is a close call, from calibrated answers on a validation split.

    Two answers in a hundred lie under it (among them were more than half of the mistakes of all our presets), but it
    stays within 0.6 to 0.9 for models that are often or hardly ever in doubt.
    """
    limit = float(np.quantile(validation.confidences, _UNSURE_SHARE))
    return min(max(limit, _UNSURE_BOUNDS[0]), _UNSURE_BOUNDS[1])


def unsure_shares(evaluation: Evaluation, limit: float) -> tuple[float, float]:
    """Share of all answers, and of the wrong ones, whose confidence is under `limit`; without wrong ones, 1."""
    unsure = evaluation.confidences < limit
    wrong = evaluation.predictions != evaluation.labels
    return float(unsure.mean()), float(unsure[wrong].mean()) if wrong.any() else 1.0


def reliability(evaluation: Evaluation, bins: int = BINS) -> list[ReliabilityBin]:
    """Answers by their confidence, in `bins` of equal width: how sure the model was, and how often it was right."""
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
    """Mean distance of confidence and accuracy, 0..1, bins weighted by their answers (Naeini et al., 2015)."""
    filled = [row for row in reliability(evaluation, bins) if row.count]
    return sum(row.count * abs(row.accuracy - row.confidence) for row in filled) / len(evaluation.labels)


def brier_score(evaluation: Evaluation) -> float:
    """Mean squared distance of the ten probabilities from the truth (Brier, 1950): 0 is perfect, 2 the worst."""
    truth = np.eye(evaluation.probabilities.shape[1])[evaluation.labels]
    return float(((evaluation.probabilities - truth) ** 2).sum(axis=1).mean())


def _log_probabilities(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Logarithms of the tempered probabilities, float64 (n, 10)."""
    logits = np.log(np.maximum(probabilities, _SMALLEST).astype(np.float64)) / temperature
    logits -= logits.max(axis=1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
