"""An exam asks for five of each digit, continues in one tab at a time, and is sealed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import HandError
from core.personal.exam import (
    DIGITS_PER_CLASS,
    EXAM_DIGITS,
    Exam,
    answer,
    learnable_digits,
    list_exams,
    read_exam,
    sealed_fingerprints,
    start_exam,
    take_back,
)
from core.personal.hand import Hand, create_hand, delete_hand
from core.personal.taught import taught, teach
from core.personal.written import fingerprint
from core.workspace import Workspace
from tests.support.written_digits import write


@pytest.fixture
def hand(workspace: Workspace) -> Hand:
    return create_hand(workspace, "Anna")


def write_next(hand: Hand, exam: Exam, seed: int = 0) -> Exam:
    """Write the digit that is asked for; return the updated exam."""
    assert exam.prompt is not None
    answer(hand, exam, write(exam.prompt, seed, label=None))
    return read_exam(hand, exam.id)


def test_complete_exam_has_five_of_each_digit(hand: Hand) -> None:
    exam = start_exam(hand)
    assert Counter(exam.prompts) == dict.fromkeys(range(10), DIGITS_PER_CLASS)

    for index in range(EXAM_DIGITS):
        assert exam.prompt == exam.prompts[index]
        exam = write_next(hand, exam, seed=index)

    assert (exam.complete, exam.prompt) == (True, None)
    assert tuple(written.label for written in exam.written) == exam.prompts
    assert len(sealed_fingerprints([exam])) == EXAM_DIGITS
    with pytest.raises(HandError, match="This exam is complete"):
        answer(hand, exam, write(1))
    assert list_exams(hand) == [exam]


def test_prompts_differ_from_exam_to_exam(hand: Hand) -> None:
    first, second = start_exam(hand), start_exam(hand)

    assert first.prompts != second.prompts
    assert {exam.id for exam in list_exams(hand)} == {first.id, second.id}


@settings(max_examples=25)
@given(st.lists(st.booleans(), max_size=12))
def test_taking_an_answer_back_asks_for_its_digit_again(
    tmp_path_factory: pytest.TempPathFactory, writes: list[bool]
) -> None:
    hand = create_hand(Workspace(tmp_path_factory.mktemp("hands")), "Anna")
    exam, expected = start_exam(hand), []

    for seed, is_writing in enumerate(writes):
        if is_writing:
            expected.append(write(exam.prompts[len(expected)], seed))
            exam = write_next(hand, exam, seed)
        else:
            take_back(hand, exam)
            expected = expected[:-1]
            exam = read_exam(hand, exam.id)

    assert list(exam.written) == expected
    assert exam.prompt == exam.prompts[len(expected)]


def test_exam_continued_in_another_tab_is_not_changed(hand: Hand) -> None:
    exam = start_exam(hand)
    current = write_next(hand, exam)

    with pytest.raises(HandError, match=r"^This exam was continued in another tab\. Go on there"):
        answer(hand, exam, write(0, seed=9))

    assert read_exam(hand, exam.id) == current
    assert len(write_next(hand, current).written) == 2


def test_digits_of_every_exam_are_sealed(hand: Hand) -> None:
    exam = write_next(hand, write_next(hand, start_exam(hand)))

    for written in exam.written:
        with pytest.raises(HandError, match="belongs to an exam"):
            teach(hand, written.model_copy(update={"label": 0}), sealed_fingerprints(list_exams(hand)))

    assert sealed_fingerprints(list_exams(hand)) == set(map(fingerprint, exam.written))


def test_damaged_line_is_skipped_unless_it_starts_the_exam(hand: Hand) -> None:
    exam, other = start_exam(hand), start_exam(hand)
    for seed in range(3):
        exam = write_next(hand, exam, seed)
    file = hand.exams / f"{exam.id}.jsonl"
    lines = file.read_bytes().splitlines()

    file.write_bytes(b"\n".join([*lines[:2], b'{"kind": "writ', *lines[3:]]))

    found = read_exam(hand, exam.id)
    assert found.written == (exam.written[0], exam.written[2])
    assert len(write_next(hand, found, seed=3).written) == 3
    file.write_bytes(b"\n".join([b"\x00", *lines[1:]]))
    assert list_exams(hand) == [other]
    with pytest.raises(HandError, match="deleted or is damaged"):
        answer(hand, exam, write(1))


def test_exam_of_a_deleted_hand_cannot_be_changed(hand: Hand, workspace: Workspace) -> None:
    exam = start_exam(hand)
    delete_hand(workspace, hand)

    for change in (lambda: answer(hand, exam, write(1)), lambda: take_back(hand, exam), lambda: start_exam(hand)):
        with pytest.raises(HandError, match="This hand was deleted"):
            change()

    assert list(workspace.personal.iterdir()) == []


def test_exam_digits_are_never_learned(workspace: Workspace, hand: Hand) -> None:
    other = create_hand(workspace, "Ben")
    exam = write_next(hand, start_exam(hand))
    (sealed,) = exam.written
    teach(other, sealed)  # it got into the log despite the seal
    teach(other, write(3, seed=5))
    teach(hand, write(4, seed=6, label=None))

    assert learnable_digits([hand, other]) == [*taught(hand).values(), write(3, seed=5)]


@pytest.mark.parametrize("change", [lambda hand, exam: answer(hand, exam, write(1)), take_back])
def test_exam_just_continued_elsewhere_is_not_changed(
    hand: Hand, monkeypatch: pytest.MonkeyPatch, change: Callable[[Hand, Exam], None]
) -> None:
    exam = write_next(hand, start_exam(hand))
    append = Hand.append

    def append_later(*arguments: Any, **options: bool) -> None:
        monkeypatch.undo()
        write_next(hand, exam, seed=1)  # by another dashboard, after this one has read the exam
        append(*arguments, **options)

    monkeypatch.setattr(Hand, "append", append_later)

    with pytest.raises(HandError, match="continued in another tab"):
        change(hand, exam)

    assert len(read_exam(hand, exam.id).written) == 2
