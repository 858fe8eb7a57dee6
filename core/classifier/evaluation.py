"""A model's predictions on a test set and their metrics: accuracy, confusion matrix, and metrics per class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.datasets import CLASSES

Z_95 = 1.959963984540054
"""Standard normal quantile at 97.5%, for two-sided 95% confidence intervals."""

_MAX_SUM_ERROR = 0.01
"""Tolerance for the sum of probabilities; the 8-bit weights of models from earlier versions make it less precise."""


@dataclass(frozen=True)
class Evaluation:
    """Predictions in the order of the test set: `probabilities` float32 (n, 10), `labels` uint8 (n,) in 0..9.

    Raises ValueError for arrays that do not match this description, and for empty arrays.
    """

    probabilities: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        if not self.labels.size or self.labels.ndim != 1 or self.probabilities.shape != (self.labels.size, CLASSES):
            shapes = f"{self.probabilities.shape} and {self.labels.shape}"
            raise ValueError(f"Expected probabilities (n, {CLASSES}) and labels (n,) with n > 0. Received: {shapes}.")
        if self.labels.dtype.kind not in "iu" or not np.isin(self.labels, range(CLASSES)).all():
            raise ValueError(f"Expected integer labels from 0 to {CLASSES - 1}.")
        if not are_probabilities(self.probabilities):
            raise ValueError("Expected non-negative probabilities that add up to 1 in each row.")

    @property
    def predictions(self) -> np.ndarray:
        """The most probable digit of each image, int64 (n,)."""
        return self.probabilities.argmax(axis=1)

    @property
    def confidences(self) -> np.ndarray:
        """The probability of each image's prediction, float32 (n,)."""
        return self.probabilities.max(axis=1)

    @property
    def accuracy(self) -> float:
        """Fraction of correct predictions, 0..1."""
        return float((self.predictions == self.labels).mean())

    @property
    def loss(self) -> float:
        """Mean categorical cross-entropy in nats."""
        true_class_probabilities = self.probabilities[np.arange(len(self.labels)), self.labels]
        return float(-np.log(np.maximum(true_class_probabilities, 1e-7)).mean())


def are_probabilities(rows: np.ndarray) -> bool:
    """Return True if rows (n, m) are non-negative floats, and each row adds up to 1 within rounding error."""
    if rows.dtype.kind != "f" or not rows.min(initial=0) >= 0:
        return False
    return bool(np.abs(rows.sum(axis=1) - 1).max(initial=0) <= _MAX_SUM_ERROR)


def wilson_interval(correct: int, total: int) -> tuple[float, float]:
    """Return the 95% confidence interval of a proportion (Wilson, 1927); `total` must be positive."""
    proportion = correct / total
    scale = 1 + Z_95**2 / total
    centre = (proportion + Z_95**2 / (2 * total)) / scale
    half_width = Z_95 * np.sqrt(proportion * (1 - proportion) / total + Z_95**2 / (4 * total**2)) / scale
    # Rounding errors must not push a bound outside 0..1, or exclude a proportion of 0 or 1.
    return min(proportion, max(0.0, float(centre - half_width))), max(proportion, min(1.0, float(centre + half_width)))


def accuracy_interval(evaluation: Evaluation) -> tuple[float, float]:
    """Return the 95% confidence interval of the accuracy (Wilson, 1927)."""
    return wilson_interval(int((evaluation.predictions == evaluation.labels).sum()), len(evaluation.labels))


def confusion_matrix(evaluation: Evaluation) -> np.ndarray:
    """Return counts int64 (10, 10): rows are true digits, columns predicted digits."""
    return count_confusions(evaluation.labels, evaluation.predictions)


def count_confusions(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Count the pairs of true digits (rows) and predicted digits (columns): int64 (10, 10), from integers (n,)."""
    pairs = labels.astype(np.int64) * CLASSES + predictions
    return np.bincount(pairs, minlength=CLASSES * CLASSES).reshape(CLASSES, CLASSES)


def row_fractions(matrix: np.ndarray) -> np.ndarray:
    """Divide each row of the matrix by its sum: float64 in 0..1; a row without images stays 0."""
    totals = matrix.sum(axis=1, keepdims=True)
    return matrix / np.maximum(totals, 1)


@dataclass(frozen=True)
class ClassMetrics:
    """Precision, recall and F1 of one digit, 0..1, and its support (number of images in the test set)."""

    digit: int
    precision: float
    recall: float
    f1: float
    support: int


def class_metrics(matrix: np.ndarray) -> list[ClassMetrics]:
    """Return the metrics of each digit; a metric is 0 where it is undefined, for lack of predictions or images."""
    hits = np.diag(matrix)
    predicted_counts, true_counts = matrix.sum(axis=0), matrix.sum(axis=1)
    return [
        ClassMetrics(
            digit=digit,
            precision=float(hits[digit] / max(predicted_counts[digit], 1)),
            recall=float(hits[digit] / max(true_counts[digit], 1)),
            f1=float(2 * hits[digit] / max(predicted_counts[digit] + true_counts[digit], 1)),
            support=int(true_counts[digit]),
        )
        for digit in range(len(matrix))
    ]


def mistakes(evaluation: Evaluation) -> np.ndarray:
    """Return the indices of wrong predictions, highest confidence first."""
    wrong = np.flatnonzero(evaluation.predictions != evaluation.labels)
    confidence = evaluation.probabilities[wrong].max(axis=1)
    return wrong[np.argsort(-confidence, kind="stable")]


def cell_members(evaluation: Evaluation, true_digit: int, predicted_digit: int) -> np.ndarray:
    """Return the indices of the images in one cell of the confusion matrix, highest confidence first."""
    members = np.flatnonzero((evaluation.labels == true_digit) & (evaluation.predictions == predicted_digit))
    return members[np.argsort(-evaluation.probabilities[members, predicted_digit], kind="stable")]
