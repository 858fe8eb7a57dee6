"""The exams of a class, read repeatedly while they are being written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor
from core.data.datasets import CLASSES
from core.personal import class_exams
from core.personal.class_exams import ClassExams, class_confusions
from core.personal.exam import answer, read_exam, start_exam, take_back
from core.personal.hand import Hand, create_hand, delete_hand
from core.personal.result import ExamResult, examine
from core.personal.written import WrittenDigit
from core.workspace import SHIPPED_BUNDLE, Workspace
from tests.support.written_digits import take_exam, write


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(Bundle(SHIPPED_BUNDLE))


@pytest.fixture
def examined_counts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that receives the number of digits in each call to `examine`."""
    counts = []

    def count(predictor: Predictor, written: Sequence[WrittenDigit]) -> ExamResult:
        counts.append(len(written))
        return examine(predictor, written)

    monkeypatch.setattr(class_exams, "examine", count)
    return counts


def continue_exam(hand: Hand, exam_id: str, digits: int) -> None:
    for _ in range(digits):
        exam = read_exam(hand, exam_id)
        assert exam.prompt is not None
        answer(hand, exam, write(exam.prompt, len(exam.written)))


def test_only_new_digits_are_read(workspace: Workspace, predictor: Predictor, examined_counts: list[int]) -> None:
    ana, ben = create_hand(workspace, "Ana"), create_hand(workspace, "Ben")
    exams = ClassExams(workspace)
    assert [(each.name, each.written, each.prompts) for each in exams.read(predictor)] == [
        ("Ana", 0, 0),
        ("Ben", 0, 0),
    ]
    exam = start_exam(ana)
    continue_exam(ana, exam.id, 3)

    first, second = exams.read(predictor), exams.read(predictor)
    assert sum(examined_counts) == 3
    continue_exam(ana, exam.id, 2)
    take_back(ana, read_exam(ana, exam.id))
    (student, _) = exams.read(predictor)

    assert (first[0].written, second[0].written, student.written, sum(examined_counts)) == (3, 3, 4, 4)
    assert student.labels.tolist() == list(exam.prompts[:4])
    assert student.images.shape == (4, 28, 28)
    assert student.images.max(axis=(1, 2)).min() > 0
    assert not student.complete
    other = Predictor(Bundle(SHIPPED_BUNDLE))
    exams.read(other)
    assert sum(examined_counts) == 8
    delete_hand(workspace, ben)
    assert [each.name for each in exams.read(other)] == ["Ana"]


def test_confusions_of_the_class_add_up(workspace: Workspace, predictor: Predictor) -> None:
    for name in ("Ana", "Ben"):
        take_exam(create_hand(workspace, name), 4)

    students = ClassExams(workspace).read(predictor)

    counts = class_confusions(students)
    labels = np.concatenate([student.labels for student in students])
    not_blank = np.concatenate([student.digits for student in students]) < CLASSES
    assert counts.sum(axis=1).tolist() == np.bincount(labels[not_blank], minlength=CLASSES).tolist()
    assert np.trace(counts) == sum(int(student.right.sum()) for student in students)
    low, high = students[0].interval or (1.0, 0.0)
    assert low <= students[0].right.mean() <= high


def test_damaged_files_hide_no_other_student(workspace: Workspace, predictor: Predictor) -> None:
    ana, ben, eva = (create_hand(workspace, name) for name in ("Ana", "Ben", "Eva"))
    for hand in (ana, ben, eva):
        take_exam(hand, 2)
    ana.record_file.write_text("{")
    (file,) = ben.exams.iterdir()
    file.unlink()
    file.mkdir()

    students = ClassExams(workspace).read(predictor)

    assert [(student.name, student.written) for student in students] == [("Ben", 0), ("Eva", 2)]
