"""The exams of a class while they are being written: each hand's newest one, as one model reads it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from core.classifier.evaluation import count_confusions, wilson_interval
from core.classifier.predictor import Predictor
from core.data.datasets import CLASSES
from core.errors import HandError, StorageError
from core.personal.exam import Exam, newest_exam
from core.personal.hand import Hand, list_hands
from core.personal.result import examine
from core.personal.written import WrittenDigit, fingerprint, images_of
from core.workspace import Workspace

_Stamp = tuple[Path, int, int]
"""An exam's file, its modification time in nanoseconds, and its size in bytes."""


@dataclass(frozen=True)
class StudentExam:
    """A student's newest exam, with the digits written so far.

    `prompts`: number of digits to write, or 0 before the first exam. `labels`, `digits`: the intended and the
    predicted digits, uint8 (n,), where 10 stands for a rejected drawing. `images`: uint8 (n, 28, 28).
    """

    hand: Hand
    name: str
    prompts: int
    labels: np.ndarray
    digits: np.ndarray
    images: np.ndarray

    @property
    def written(self) -> int:
        return len(self.labels)

    @property
    def complete(self) -> bool:
        return 0 < self.prompts <= self.written

    @property
    def right(self) -> np.ndarray:
        """Mask, bool (n,), of the drawings that are read correctly."""
        return self.labels == self.digits

    @cached_property
    def interval(self) -> tuple[float, float] | None:
        """95% confidence interval of the accuracy (Wilson, 1927), or None before the first digit."""
        return wilson_interval(int(self.right.sum()), self.written) if self.written else None


def class_confusions(exams: Sequence[StudentExam]) -> np.ndarray:
    """Return the counts int64 (10, 10) of all exams: rows are the intended digits, columns the predicted ones."""
    counts = np.zeros((CLASSES, CLASSES), np.int64)
    for exam in exams:
        answered = exam.digits < CLASSES
        counts += count_confusions(exam.labels[answered], exam.digits[answered])
    return counts


class ClassExams:
    """Reads a class's exams repeatedly; each time, it reads only changed files and predicts only new digits."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._files: dict[str, tuple[_Stamp, Exam]] = {}
        self._predictor: Predictor | None = None
        self._readings: dict[str, tuple[int, np.ndarray]] = {}

    def read(self, predictor: Predictor) -> list[StudentExam]:
        """Return each hand's exam, in the order in which the students joined; damaged hands are left out."""
        with self._lock:
            known_readings = self._readings if predictor is self._predictor else {}
            self._predictor, self._readings = predictor, {}
            students = []
            files: dict[str, tuple[_Stamp, Exam]] = {}
            for hand in list_hands(self._workspace):
                try:
                    name = hand.record().name
                except HandError:
                    continue
                exam = self._newest(hand, files)
                students.append(self._student(hand, name, exam, predictor, known_readings))
            self._files = files
            return students

    def _newest(self, hand: Hand, files: dict[str, tuple[_Stamp, Exam]]) -> Exam | None:
        """Return the newest exam of a hand, and record it in `files`."""
        stamp = _stamp(hand)
        if stamp is None:
            return None
        known = self._files.get(hand.id)
        try:
            exam = known[1] if known and known[0] == stamp else newest_exam(hand)
        except StorageError:  # one unreadable file must not hide the rest of the class
            return None
        if exam:
            files[hand.id] = (stamp, exam)
        return exam

    def _student(
        self,
        hand: Hand,
        name: str,
        exam: Exam | None,
        predictor: Predictor,
        known_readings: dict[str, tuple[int, np.ndarray]],
    ) -> StudentExam:
        written = exam.written if exam else ()
        digits, images = [], [np.zeros((0, 28, 28), np.uint8)]
        for each in written:
            key = fingerprint(each)
            digit, image = self._readings[key] = known_readings.get(key) or _read(predictor, each)
            digits.append(digit)
            images.append(image)
        return StudentExam(
            hand,
            name,
            len(exam.prompts) if exam else 0,
            np.array([each.label for each in written], np.uint8),
            np.array(digits, np.uint8),
            np.concatenate(images),
        )


def _read(predictor: Predictor, written: WrittenDigit) -> tuple[int, np.ndarray]:
    """Return the digit that the model reads, or CLASSES if it rejects the drawing, and the image uint8 (1, 28, 28)."""
    result = examine(predictor, [written])
    return CLASSES if result.rejected[0] else int(result.digits[0]), images_of([written])


def _stamp(hand: Hand) -> _Stamp | None:
    """Return the state of the newest exam's file, or None if there is none."""
    try:
        newest = max(hand.exams.glob("[0-9]*.jsonl"), default=None)
        state = newest.stat() if newest else None
    except OSError:  # just deleted
        return None
    return (newest, state.st_mtime_ns, state.st_size) if newest and state else None
