"""A model's accuracy under corrected labels. It describes the labels; no setting or model is chosen by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.classifier.evaluation import Evaluation, wilson_interval
from core.court.verdicts import CANNOT_TELL, Choice


@dataclass(frozen=True)
class CorrectedAccuracy:
    """The accuracy under corrected labels: `correct` of `total` images.

    `changed`: number of labels that were corrected. `left_out`: number of images whose label is "cannot tell".
    """

    correct: int
    total: int
    changed: int
    left_out: int

    @property
    def accuracy(self) -> float | None:
        """Fraction of correct predictions, 0..1, or None if every image is left out."""
        return self.correct / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """95% confidence interval of the accuracy (Wilson, 1927), or None if every image is left out."""
        return wilson_interval(self.correct, self.total) if self.total else None


def corrected_accuracy(evaluation: Evaluation, choices: Mapping[int, Choice]) -> CorrectedAccuracy:
    """Return the accuracy with each choice as the label of the image at that index.

    "Cannot tell" leaves the image out. Indices outside the test set are ignored.
    """
    labels = evaluation.labels.astype(np.int64)
    counted = np.ones(len(labels), bool)
    for index, choice in choices.items():
        if index >= len(labels):
            continue
        if choice == CANNOT_TELL:
            counted[index] = False
        else:
            labels[index] = choice
    return CorrectedAccuracy(
        correct=int((evaluation.predictions == labels)[counted].sum()),
        total=int(counted.sum()),
        changed=int((labels != evaluation.labels)[counted].sum()),
        left_out=int((~counted).sum()),
    )
