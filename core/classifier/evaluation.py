"""What a model's answers on a test set say about it: accuracy, confusions, per-class metrics, mistakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.datasets import CLASSES

Z_95 = 1.959963984540054
"""Standard normal quantile at 97.5 %, for two-sided 95 % intervals."""

_ROUNDING = 0.01


@dataclass(frozen=True)
class Evaluation:
    """A model's answers on a test set, in its order: `probabilities` float32 (n, 10), `labels` uint8 (n,), in 0..9.

    Raises ValueError when they are not that, and when there are none.
    """

    probabilities: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        if not self.labels.size or self.labels.ndim != 1 or self.probabilities.shape != (self.labels.size, CLASSES):
            raise ValueError(f"Expected answers (images, {CLASSES}). Received: shape {self.probabilities.shape}.")
        if self.labels.dtype.kind not in "iu" or not np.isin(self.labels, range(CLASSES)).all():
            raise ValueError(f"Expected labels that are digits below {CLASSES}.")
        if not are_probabilities(self.probabilities):
            raise ValueError("Expected probabilities that add up to 1.")

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
        """Share of images read rightly, 0..1."""
        return float((self.predictions == self.labels).mean())

    @property
    def loss(self) -> float:
        """Mean categorical cross-entropy in nats."""
        chosen = self.probabilities[np.arange(len(self.labels)), self.labels]
        return float(-np.log(np.maximum(chosen, 1e-7)).mean())


def are_probabilities(rows: np.ndarray) -> bool:
    """Whether rows (n, m) are floats of which none is below 0, each row adding up to 1 but for rounding."""
    if rows.dtype.kind != "f" or not rows.min(initial=0) >= 0:
        return False
    return bool(np.abs(rows.sum(axis=1) - 1).max(initial=0) <= _ROUNDING)


def wilson_interval(correct: int, total: int) -> tuple[float, float]:
    """95 % confidence interval of a proportion (Wilson, 1927), each end in 0..1; `total` must be positive."""
    share = correct / total
    scale = 1 + Z_95**2 / total
    middle = (share + Z_95**2 / (2 * total)) / scale
    half = Z_95 * np.sqrt(share * (1 - share) / total + Z_95**2 / (4 * total**2)) / scale
    # Rounding may put an end past a share of 0 or 1.
    return min(share, max(0.0, float(middle - half))), max(share, min(1.0, float(middle + half)))


def accuracy_interval(evaluation: Evaluation) -> tuple[float, float]:
    """95 % Wilson interval of the accuracy."""
    return wilson_interval(int((evaluation.predictions == evaluation.labels).sum()), len(evaluation.labels))


def confusion_matrix(evaluation: Evaluation) -> np.ndarray:
    """Counts int64 (10, 10): row = true digit, column = predicted digit."""
    return count_confusions(evaluation.labels, evaluation.predictions)


def count_confusions(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Counts int64 (10, 10) of true digits (rows) and predicted ones (columns), each given as integers (n,)."""
    pairs = labels.astype(np.int64) * CLASSES + predictions
    return np.bincount(pairs, minlength=CLASSES * CLASSES).reshape(CLASSES, CLASSES)


def row_shares(matrix: np.ndarray) -> np.ndarray:
    """The matrix with each row divided by its sum, float64 in 0..1; a row without images stays 0."""
    totals = matrix.sum(axis=1, keepdims=True)
    return matrix / np.maximum(totals, 1)


@dataclass(frozen=True)
class ClassMetrics:
    """Precision, recall and F1 in 0..1 and support (images of the class in the test set) of one digit."""

    digit: int
    precision: float
    recall: float
    f1: float
    support: int


def class_metrics(matrix: np.ndarray) -> list[ClassMetrics]:
    """Metrics of each digit from a confusion matrix; 0 where a digit was never predicted or never present."""
    hits = np.diag(matrix)
    said, present = matrix.sum(axis=0), matrix.sum(axis=1)
    return [
        ClassMetrics(
            digit=digit,
            precision=float(hits[digit] / max(said[digit], 1)),
            recall=float(hits[digit] / max(present[digit], 1)),
            f1=float(2 * hits[digit] / max(said[digit] + present[digit], 1)),
            support=int(present[digit]),
        )
        for digit in range(len(matrix))
    ]


def mistakes(evaluation: Evaluation) -> np.ndarray:
    """Indices of the images read wrongly, worst first: the surer the model was of its wrong answer, the worse."""
    wrong = np.flatnonzero(evaluation.predictions != evaluation.labels)
    confidence = evaluation.probabilities[wrong].max(axis=1)
    return wrong[np.argsort(-confidence, kind="stable")]


def cell_members(evaluation: Evaluation, true_digit: int, predicted_digit: int) -> np.ndarray:
    """Indices of the images behind one cell of the confusion matrix, surest answer first."""
    members = np.flatnonzero((evaluation.labels == true_digit) & (evaluation.predictions == predicted_digit))
    return members[np.argsort(-evaluation.probabilities[members, predicted_digit], kind="stable")]
