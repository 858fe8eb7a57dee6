"""The comparison of two models on one test set: accuracies, significance, and the images where they differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from core.classifier.evaluation import Z_95, Evaluation

EXACT_BELOW = 25
"""Images that only one model predicts correctly, below which the exact binomial test replaces chi-squared."""


@dataclass(frozen=True)
class Comparison:
    """Indices of the test images by the models that predict them correctly, each ascending, int64."""

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
        """95 % interval of the difference: Wald's, with half an image added to each cell (Agresti and Min, 2005)."""
        images = self._images + 2
        first, second = len(self.only_first) + 0.5, len(self.only_second) + 0.5
        middle = (first - second) / images
        half = Z_95 * np.sqrt(first + second - (first - second) ** 2 / images) / images
        return max(-1.0, float(middle - half)), min(1.0, float(middle + half))

    @property
    def exact(self) -> bool:
        """Whether the p-value is that of the exact binomial test."""
        return len(self.only_first) + len(self.only_second) < EXACT_BELOW

    @property
    def p_value(self) -> float:
        """Two-sided p-value of McNemar's test, 0..1."""
        return mcnemar(len(self.only_first), len(self.only_second))

    @property
    def _images(self) -> int:
        return sum(len(part) for part in (self.both, self.only_first, self.only_second, self.neither))


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Compare the predictions of two models; raises ValueError if they are for different test images."""
    if not np.array_equal(first.labels, second.labels):
        raise ValueError("Expected predictions for the same test images.")
    one, two = first.predictions == first.labels, second.predictions == second.labels
    return Comparison(*(np.flatnonzero(part) for part in (one & two, one & ~two, ~one & two, ~one & ~two)))


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p-value, 0..1, for the numbers of images that only one of two models predicts correctly.

    McNemar (1947), recommended for classifiers by Dietterich (1998): the exact binomial test below EXACT_BELOW images,
    else chi-squared with continuity correction (Edwards, 1948).
    """
    discordant = only_first + only_second
    if discordant < EXACT_BELOW:
        return min(1.0, 2 * float(special.bdtr(min(only_first, only_second), discordant, 0.5)))
    statistic = max(0.0, abs(only_first - only_second) - 1.0) ** 2 / discordant
    return float(special.chdtrc(1, statistic))
