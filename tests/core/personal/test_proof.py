"""The proof compares two models on one exam, and an exam judges one run only."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import HandError
from core.personal.exam import start_exam
from core.personal.hand import Hand, create_hand
from core.personal.proof import compare_results, exams_for
from core.personal.result import ExamResult
from core.workspace import Workspace
from tests.support.written_digits import take_exam


@pytest.fixture
def hand(workspace: Workspace) -> Hand:
    return create_hand(workspace, "Ana")


def result(wrong: set[int], digits: int = 50) -> ExamResult:
    """Return the result of an exam of ones, in which the digits at these positions are read as sevens."""
    read = [7 if position in wrong else 1 for position in range(digits)]
    return ExamResult(np.ones(digits, np.uint8), np.array(read, np.uint8), ("digit",) * digits)


def ids(hand: Hand, run_id: str) -> set[str]:
    return {exam.id for exam in exams_for(hand, run_id)}


def test_six_fixed_digits_show_an_improvement_but_five_do_not() -> None:
    six, five = (compare_results(result(set(range(count))), result(set())) for count in (6, 5))

    assert (six.better, six.p_value) == (True, pytest.approx(2 / 2**6))
    assert (five.better, five.p_value) == (False, pytest.approx(2 / 2**5))
    assert (five.more_digits, six.more_digits) == (50, None)


def test_broken_digits_count_against_the_new_model() -> None:
    proof = compare_results(result({0, 1, 2}), result({2, 10, 11, 12}))

    assert proof.fixed.tolist() == [0, 1]
    assert proof.broken.tolist() == [10, 11, 12]
    assert (proof.better, proof.more_digits) == (False, None)


def test_a_clearly_worse_model_is_not_better() -> None:
    proof = compare_results(result(set()), result(set(range(8))))

    assert (proof.shown, proof.better) == (True, False)


def test_an_exam_judges_one_run_only(hand: Hand) -> None:
    with pytest.raises(HandError, match="Take one first"):
        exams_for(hand, "first")

    first = take_exam(hand).id
    assert ids(hand, "first") == {first}
    assert ids(hand, "first") == {first}
    with pytest.raises(HandError, match="Take a new one"):
        exams_for(hand, "second")

    second = take_exam(hand).id
    assert ids(hand, "second") == {second}
    assert ids(hand, "first") == {first}
    third = take_exam(hand).id
    assert ids(hand, "second") == {second, third}


def test_an_unfinished_exam_judges_nothing(hand: Hand) -> None:
    start_exam(hand)

    with pytest.raises(HandError, match="Take one first"):
        exams_for(hand, "first")
