"""Comparison of two models on one test set: accuracies, significance, and the images on which they differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from core.classifier.evaluation import Z_95, Evaluation

EXACT_BELOW = 25
"""The exact binomial test is used if fewer images than this are predicted correctly by exactly one model."""


@dataclass(frozen=True)
class Comparison:
    """Indices of the test images, grouped by the models that predict them correctly: int64, ascending."""

    both: np.ndarray
    only_first: np.ndarray
    only_second: np.ndarray
    neither: np.ndarray

    @property
    def difference(self) -> float:
        """Accuracy of the first model minus that of the second, -1..1."""
        return (len(self.only_first) - len(self.only_second)) / self._images

    @property
    def interval(self) -> tuple[float, float]:
        """95% Wald confidence interval of the difference; half an image is added to each cell.

        Source: Agresti and Min (2005).
        """
        images = self._images + 2
        first, second = len(self.only_first) + 0.5, len(self.only_second) + 0.5
        centre = (first - second) / images
        half_width = Z_95 * np.sqrt(first + second - (first - second) ** 2 / images) / images
        return max(-1.0, float(centre - half_width)), min(1.0, float(centre + half_width))

    @property
    def uses_exact_test(self) -> bool:
        """True if the p-value comes from the exact binomial test."""
        return len(self.only_first) + len(self.only_second) < EXACT_BELOW

    @property
    def p_value(self) -> float:
        """Two-sided p-value of McNemar's test, 0..1."""
        return mcnemar(len(self.only_first), len(self.only_second))

    @property
    def _images(self) -> int:
        return sum(len(group) for group in (self.both, self.only_first, self.only_second, self.neither))


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Compare the predictions of two models; raises ValueError if they are for different test images."""
    if not np.array_equal(first.labels, second.labels):
        raise ValueError("Expected predictions for the same test images.")
    first_correct, second_correct = first.predictions == first.labels, second.predictions == second.labels
    return Comparison(
        both=np.flatnonzero(first_correct & second_correct),
        only_first=np.flatnonzero(first_correct & ~second_correct),
        only_second=np.flatnonzero(~first_correct & second_correct),
        neither=np.flatnonzero(~first_correct & ~second_correct),
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p-value, 0..1, of McNemar's test (1947), which Dietterich (1998) recommends for classifiers.

    `only_first`, `only_second`: numbers of images that only the first or only the second model predicts correctly. The
    test is the exact binomial test for fewer than EXACT_BELOW such images, otherwise chi-squared with continuity
    correction (Edwards, 1948).
    """
    discordant = only_first + only_second
    if discordant < EXACT_BELOW:
        return min(1.0, 2 * float(special.bdtr(min(only_first, only_second), discordant, 0.5)))
    statistic = max(0.0, abs(only_first - only_second) - 1.0) ** 2 / discordant
    return float(special.chdtrc(1, statistic))
