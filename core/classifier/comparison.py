"""Two models on one test set: which of them reads it better, whether that can be chance, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from core.classifier.evaluation import Z_95, Evaluation

EXACT_BELOW = 25
"""Images that only one of the two reads rightly, under which the binomial test takes the place of chi-squared."""


@dataclass(frozen=True)
class Comparison:
    """Indices of the test images by who reads them rightly, each ascending, int64."""

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
        """95 % interval of the difference: Wald's, after half an image more in each cell (Agresti and Min, 2005)."""
        images = self._images + 2
        first, second = len(self.only_first) + 0.5, len(self.only_second) + 0.5
        middle = (first - second) / images
        half = Z_95 * np.sqrt(first + second - (first - second) ** 2 / images) / images
        return max(-1.0, float(middle - half)), min(1.0, float(middle + half))

    @property
    def exact(self) -> bool:
        """Whether the p-value is that of the binomial test."""
        return len(self.only_first) + len(self.only_second) < EXACT_BELOW

    @property
    def p_value(self) -> float:
        """McNemar's test, two-sided, 0..1: how likely models that read equally well differ at least this much."""
        return mcnemar(len(self.only_first), len(self.only_second))

    @property
    def _images(self) -> int:
        return sum(len(part) for part in (self.both, self.only_first, self.only_second, self.neither))


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Lay two models' answers on the same images side by side; raises ValueError when these are not the same."""
    if not np.array_equal(first.labels, second.labels):
        raise ValueError("Expected answers on the same test images.")
    one, two = first.predictions == first.labels, second.predictions == second.labels
    return Comparison(*(np.flatnonzero(part) for part in (one & two, one & ~two, ~one & two, ~one & ~two)))


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided p-value, 0..1, of as many images that only one, and only the other, of two models reads rightly.

    McNemar (1947): where the models read equally well, either is as likely. Below EXACT_BELOW images by the exact
    binomial test, else by chi-squared with continuity correction (Edwards, 1948). Dietterich (1998) on classifiers.
    """
    discordant = only_first + only_second
    if discordant < EXACT_BELOW:
        return min(1.0, 2 * float(special.bdtr(min(only_first, only_second), discordant, 0.5)))
    statistic = max(0.0, abs(only_first - only_second) - 1.0) ** 2 / discordant
    return float(special.chdtrc(1, statistic))
