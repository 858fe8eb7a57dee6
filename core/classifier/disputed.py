"""Labels in MNIST's test set that human reviewers found wrong or undecidable, and their effect on a model.

The labels were found by confident learning and checked by five reviewers per image (Northcutt, Athalye and Mueller,
2021, "Pervasive Label Errors in Test Sets"; https://labelerrors.com).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.classifier.evaluation import Evaluation
from core.data.sources import MNIST_FINGERPRINT

DISPUTED_INDICES = (947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729)
"""Indices of the 15 disputed images in MNIST's test set."""


@dataclass(frozen=True)
class DisputedLabels:
    """The effect of disputed labels on a model: the images' `indices`, and the model's `mistakes` among them.

    `accuracy_without`: accuracy, 0..1, on all other images.
    """

    indices: tuple[int, ...]
    mistakes: tuple[int, ...]
    accuracy_without: float


def disputed_labels(fingerprint: str, evaluation: Evaluation) -> DisputedLabels | None:
    """Return the effect of disputed labels on a model, or None for any test set other than MNIST's.

    `fingerprint`: fingerprint of the dataset that the model was evaluated on.
    """
    if fingerprint != MNIST_FINGERPRINT or len(evaluation.labels) <= max(DISPUTED_INDICES):
        return None
    correct = evaluation.predictions == evaluation.labels
    mistakes = tuple(index for index in DISPUTED_INDICES if not correct[index])
    return DisputedLabels(DISPUTED_INDICES, mistakes, float(np.delete(correct, DISPUTED_INDICES).mean()))
