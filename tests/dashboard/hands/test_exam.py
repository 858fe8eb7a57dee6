"""The result of an exam on the Your hand page."""

from __future__ import annotations

import pytest

from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor
from core.personal.exam import Exam
from core.personal.hand import Hand, create_hand
from core.personal.written import WrittenDigit
from core.workspace import SHIPPED_BUNDLE, Workspace
from dashboard.hands.exam import exam_result
from tests.support.written_digits import write


@pytest.fixture
def hand(workspace: Workspace) -> Hand:
    return create_hand(workspace, "Ana")


@pytest.fixture
def predictor() -> Predictor:
    return Predictor(Bundle(SHIPPED_BUNDLE))


def exam_with(written: WrittenDigit) -> Exam:
    return Exam("20261129-120000-abcdef", (1,), (written,), 0.0)


def test_result_reflects_a_rewritten_digit(hand: Hand, predictor: Predictor) -> None:
    written, rewritten = write(1), write(7, label=1).model_copy(update={"time": 1e9})

    results = [exam_result(hand, exam_with(each), predictor) for each in (written, rewritten)]

    assert [result.digits.tolist() for result in results] == [[1], [7]]


def test_result_reflects_a_model_that_was_trained_further(hand: Hand, predictor: Predictor) -> None:
    exam, resumed = exam_with(write(1)), Predictor(Bundle(SHIPPED_BUNDLE))
    resumed.version, resumed._unsure_below = "another training", 1.1

    results = [exam_result(hand, exam, each) for each in (predictor, resumed)]

    assert [result.verdicts for result in results] == [("digit",), ("unsure",)]
