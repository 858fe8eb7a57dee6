"""Labels that are probably wrong, found by confident learning (Northcutt, Jiang and Chuang, 2021).

"Confident Learning: Estimating Uncertainty in Dataset Labels", Journal of Artificial Intelligence Research 70. All
functions take out-of-fold probabilities float (n, 10), from networks that have not seen the label, and labels uint8
(n,).
"""

from __future__ import annotations

import numpy as np

from core.data.datasets import CLASSES


def class_thresholds(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the mean self-confidence of each class, float64 (10,); infinity for a class without images.

    The self-confidence of an image is the probability of its label.
    """
    own = probabilities[np.arange(len(labels)), labels]
    counts = np.bincount(labels, minlength=CLASSES)
    sums = np.bincount(labels, weights=own, minlength=CLASSES)
    return np.divide(sums, counts, out=np.full(CLASSES, np.inf), where=counts > 0)


def normalised_margins(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the probability of each label minus that of the most probable other digit, -1..1, (n,)."""
    rows = np.arange(len(labels))
    others = probabilities.copy()
    others[rows, labels] = -np.inf
    return probabilities[rows, labels] - others.max(axis=1, initial=-np.inf)


def suspicious_labels(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the indices of suspicious labels, int64, lowest margin first.

    A label is suspicious if the network predicts another digit at least as confidently as it predicts images of that
    digit on average: the image is then off the diagonal of the confident joint.
    """
    confident = probabilities >= class_thresholds(probabilities, labels)
    candidates = np.where(confident, probabilities, -np.inf)
    all_margins = normalised_margins(probabilities, labels)
    suspicious = np.flatnonzero(confident.any(axis=1) & (candidates.argmax(axis=1) != labels) & (all_margins <= 0))
    margins = all_margins[suspicious]
    return suspicious[np.argsort(margins, kind="stable")]
