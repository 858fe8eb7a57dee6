"""The result of an exam counts the predictions that the Draw page would show."""

from __future__ import annotations

import numpy as np
import pytest

from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor
from core.personal.result import ExamResult, examine
from core.personal.written import WrittenDigit, ink_of
from core.workspace import SHIPPED_BUNDLE
from tests.support.written_digits import write


def test_exam_digits_are_read_as_on_the_draw_page() -> None:
    predictor = Predictor(Bundle(SHIPPED_BUNDLE))
    digits = [write(digit, seed) for digit in range(10) for seed in range(2)]
    invisible = write(4).model_dump()
    invisible["strokes"] = [{"points": [(5, 5)], "width": 0.01}]

    result = examine(predictor, [*digits, WrittenDigit.model_validate(invisible)])

    assert result.labels.tolist() == [*(digit.label for digit in digits), 4]
    assert (result.digits[-1], result.verdicts[-1]) == (10, "blank")
    assert result.accuracy >= 0.9
    assert result.verdicts[:-1] == tuple(predictor.read(ink_of(digit)).verdict for digit in digits)


def test_counts_and_accuracy_are_consistent() -> None:
    labels, digits = np.array([7, 7, 1, 4], np.uint8), np.array([7, 1, 1, 10], np.uint8)

    result = ExamResult(labels, digits, ("digit", "unsure", "digit", "blank"))

    assert result.right.tolist() == [True, False, True, False]
    assert result.accuracy == 0.5
    low, high = result.interval
    assert low == pytest.approx(0.15, abs=0.001)
    assert high == pytest.approx(0.85, abs=0.001)
    assert result.confusions.sum() == 3
    assert (result.confusions[7, 7], result.confusions[7, 1], result.confusions[1, 1]) == (1, 1, 1)
    assert [result.count(verdict) for verdict in ("digit", "unsure", "not_a_digit", "blank")] == [2, 1, 0, 1]
