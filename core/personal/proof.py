"""The proof that a fine-tuned model reads a hand better: an exam, read by the previous model and by the new one."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from core.classifier.comparison import mcnemar
from core.errors import HandError
from core.json_lines import read_records
from core.language import Message
from core.personal.exam import EXAM_DIGITS, Exam, list_exams
from core.personal.hand import Hand
from core.personal.result import ExamResult
from core.records import Record, Timestamp

SIGNIFICANCE = 0.05
"""Significance level: a difference with a smaller p-value counts as significant."""

_MAX_MORE_EXAMS = 10


class JudgedExam(Record, extra="ignore"):
    """An exam, and the run that it has judged."""

    exam: str
    run: str
    time: Timestamp


@dataclass(frozen=True)
class Proof:
    """The positions of digits that only the new model (`fixed`) or only the previous one (`broken`) reads correctly."""

    fixed: np.ndarray
    broken: np.ndarray
    digits: int

    @property
    def p_value(self) -> float:
        """Two-sided p-value of McNemar's test (1947), 0..1."""
        return mcnemar(len(self.fixed), len(self.broken))

    @property
    def shown(self) -> bool:
        """True if the difference is unlikely to be chance; this takes at least six changed digits."""
        return self.p_value < SIGNIFICANCE

    @property
    def better(self) -> bool:
        return self.shown and len(self.fixed) > len(self.broken)

    @property
    def more_digits(self) -> int | None:
        """The number of further digits, in whole exams, that would show the difference if the trend continued.

        None if the new model is not better on these digits, or if more than _MAX_MORE_EXAMS exams would be needed.
        """
        fixed, broken = len(self.fixed), len(self.broken)
        if self.shown or fixed <= broken:
            return None
        for more in range(EXAM_DIGITS, (_MAX_MORE_EXAMS + 1) * EXAM_DIGITS, EXAM_DIGITS):
            factor = (self.digits + more) / self.digits
            if mcnemar(int(fixed * factor), int(broken * factor)) < SIGNIFICANCE:
                return more
        return None


def compare_results(before: ExamResult, after: ExamResult) -> Proof:
    """Compare two models' results on the same exam."""
    return Proof(
        np.flatnonzero(~before.right & after.right), np.flatnonzero(before.right & ~after.right), len(before.labels)
    )


def exams_for(hand: Hand, run_id: str) -> list[Exam]:
    """Return the exams that judge a run, newest first, and record them: an exam judges one run only.

    Trying one fine-tuning after another on the same fifty digits, and keeping the best, would select the luckiest.
    All exams that have not judged another run judge this one together. Raises HandError if there are none.
    """
    exams = [exam for exam in list_exams(hand) if exam.complete]
    judged: list[JudgedExam] = read_records(hand.proofs_file, JudgedExam)
    runs = {entry.exam: entry.run for entry in judged}
    fresh_exams = [exam for exam in exams if exam.id not in runs]
    if fresh_exams:
        entries = [JudgedExam(exam=exam.id, run=run_id, time=time.time()) for exam in fresh_exams]
        hand.append(hand.proofs_file, entries, even_if_full=True)
    judging_exams = [exam for exam in exams if runs.get(exam.id, run_id) == run_id]
    if judging_exams:
        return judging_exams
    if not exams:
        raise HandError(Message("The proof needs an exam. Take one first: it takes about two minutes."))
    raise HandError(
        Message(
            "Your last exam has already been used for another model. Take a new one, so that the comparison "
            "stays fair: of several models that are tried on the same digits, the luckiest looks best."
        )
    )
