"""What a model makes of a person's exam: right, wrong, unsure and rejected digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.classifier.evaluation import count_confusions, wilson_interval
from core.classifier.number_reader import read_digit
from core.classifier.predictor import Predictor, Verdict
from core.data.datasets import CLASSES
from core.personal.written import Written, canvas_strokes, ink_of


@dataclass(frozen=True)
class ExamResult:
    """A model's predictions for written digits: `labels` and `digits` uint8 (n,), `verdicts` (n,).

    A digit counts as right if it is the most probable one, whatever the verdict. Where there is hardly any ink, the
    model predicts none, and the digit is 10.
    """

    labels: np.ndarray
    digits: np.ndarray
    verdicts: tuple[Verdict, ...]

    @property
    def right(self) -> np.ndarray:
        """Bool (n,)."""
        return self.labels == self.digits

    @property
    def accuracy(self) -> float:
        """Fraction of digits that are read correctly, 0..1."""
        return float(self.right.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """95% confidence interval of the accuracy (Wilson, 1927)."""
        return wilson_interval(int(self.right.sum()), len(self.labels))

    @property
    def confusions(self) -> np.ndarray:
        """Counts int64 (10, 10): rows are the digits that were meant, columns the predicted ones."""
        read = self.digits < CLASSES
        return count_confusions(self.labels[read], self.digits[read])

    def count(self, verdict: Verdict) -> int:
        """Return the number of digits with this verdict."""
        return self.verdicts.count(verdict)


def join_results(results: Sequence[ExamResult]) -> ExamResult:
    """Return one model's results of several exams, at least one, as if they were one exam."""
    return ExamResult(
        np.concatenate([result.labels for result in results]),
        np.concatenate([result.digits for result in results]),
        tuple(verdict for result in results for verdict in result.verdicts),
    )


def examine(predictor: Predictor, written: Sequence[Written]) -> ExamResult:
    """Read written digits as the Draw page does; each must have a label."""
    readings = [read_digit(predictor, ink_of(each), canvas_strokes(each)) for each in written]
    digits = [CLASSES if reading.digit is None else reading.digit for reading in readings]
    return ExamResult(
        np.array([each.label for each in written], np.uint8),
        np.array(digits, np.uint8),
        tuple(reading.verdict for reading in readings),
    )
