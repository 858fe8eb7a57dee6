"""A model's predictions for written digits, and its result on a person's exam."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.classifier.evaluation import count_confusions, wilson_interval
from core.classifier.number_reader import read_digit
from core.classifier.predictor import Predictor, Reading, Verdict
from core.data.datasets import CLASSES
from core.personal.written import WrittenDigit, canvas_strokes, ink_of


@dataclass(frozen=True)
class ExamResult:
    """A model's predictions for written digits: `labels` and `digits` uint8 (n,), `verdicts` (n,).

    A digit counts as right if the model finds it the most probable one and does not reject the drawing. If a drawing
    has hardly any ink, the model predicts no digit, and its entry in `digits` is 10.
    """

    labels: np.ndarray
    digits: np.ndarray
    verdicts: tuple[Verdict, ...]

    @property
    def right(self) -> np.ndarray:
        """Mask, bool (n,), of the drawings that are read correctly."""
        return (self.labels == self.digits) & ~self.rejected

    @property
    def rejected(self) -> np.ndarray:
        """Mask, bool (n,), of the drawings for which the model gives no answer."""
        return np.array([verdict in ("not_a_digit", "blank") for verdict in self.verdicts], bool)

    @property
    def misread(self) -> np.ndarray:
        """Mask, bool (n,), of the drawings that are read as a different digit."""
        return (self.labels != self.digits) & ~self.rejected

    @property
    def accuracy(self) -> float:
        """Fraction of digits that are read correctly, 0..1."""
        return float(self.right.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """95% confidence interval for the accuracy (Wilson, 1927)."""
        return wilson_interval(int(self.right.sum()), len(self.labels))

    @property
    def confusions(self) -> np.ndarray:
        """Counts int64 (10, 10): rows are the intended digits, columns the predicted ones."""
        answered = ~self.rejected
        return count_confusions(self.labels[answered], self.digits[answered])

    def count(self, verdict: Verdict) -> int:
        """Return the number of digits with this verdict."""
        return self.verdicts.count(verdict)


def join_results(results: Sequence[ExamResult]) -> ExamResult:
    """Combine the results of several exams into one."""
    return ExamResult(
        np.concatenate([result.labels for result in results]),
        np.concatenate([result.digits for result in results]),
        tuple(verdict for result in results for verdict in result.verdicts),
    )


def read_written(predictor: Predictor, written: WrittenDigit) -> Reading:
    """Read a written digit as the Draw page does."""
    return read_digit(predictor, ink_of(written), canvas_strokes(written))


def answered_digit(reading: Reading) -> int | None:
    """Return the digit that a model gives as its answer, or None if it rejects the drawing."""
    return None if reading.verdict == "not_a_digit" else reading.digit


def with_prediction(written: WrittenDigit, model: str, predictor: Predictor) -> WrittenDigit:
    """Return a copy of a written digit, with the prediction of the model named `model`."""
    predicted = answered_digit(read_written(predictor, written))
    return written.model_copy(update={"predicted": predicted, "model": model})


def examine(predictor: Predictor, written: Sequence[WrittenDigit]) -> ExamResult:
    """Read written digits; each must have a label."""
    readings = [read_written(predictor, each) for each in written]
    digits = [CLASSES if reading.digit is None else reading.digit for reading in readings]
    return ExamResult(
        np.array([each.label for each in written], np.uint8),
        np.array(digits, np.uint8),
        tuple(reading.verdict for reading in readings),
    )
