"""The proof that a fine-tuned model reads a hand better: an exam, read by the model before and by the new one."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from core.classifier.comparison import mcnemar
from core.errors import HandError
from core.json_lines import read_records
from core.personal.exam import Exam, list_exams
from core.personal.hand import Hand
from core.personal.result import ExamResult
from core.records import Record, Timestamp

SIGNIFICANCE = 0.05
"""Largest p-value that counts as shown."""

_MAX_MORE_DIGITS = 1000
_MORE_DIGITS_STEP = 10


class Judged(Record, extra="ignore"):
    """An exam, and the run that it has judged."""

    exam: str
    run: str
    time: Timestamp


@dataclass(frozen=True)
class Proof:
    """The positions of digits that only the new model reads correctly (`fixed`) and only the one before (`broken`)."""

    fixed: np.ndarray
    broken: np.ndarray
    digits: int

    @property
    def p_value(self) -> float:
        """Two-sided p-value of McNemar's exact test (1947), 0..1."""
        return mcnemar(len(self.fixed), len(self.broken))

    @property
    def shown(self) -> bool:
        """True if the difference between the models is unlikely to be chance; this takes at least six digits."""
        return self.p_value < SIGNIFICANCE

    @property
    def better(self) -> bool:
        return self.shown and len(self.fixed) > len(self.broken)

    @property
    def more_digits(self) -> int | None:
        """The number of further digits after which the difference would be shown if it stayed the same.

        None if the new model is not better on these digits, or if too many would be needed.
        """
        fixed, broken = len(self.fixed), len(self.broken)
        if fixed <= broken:
            return None
        for more in range(0, _MAX_MORE_DIGITS + 1, _MORE_DIGITS_STEP):
            factor = (self.digits + more) / self.digits
            if mcnemar(int(fixed * factor), int(broken * factor)) < SIGNIFICANCE:
                return more
        return None


def compare_results(before: ExamResult, after: ExamResult) -> Proof:
    """Compare two models' results of the same exam."""
    return Proof(
        np.flatnonzero(~before.right & after.right), np.flatnonzero(before.right & ~after.right), len(before.labels)
    )


def exam_for(hand: Hand, run_id: str) -> Exam:
    """Return the exam that judges a run, and note it: an exam judges one run only.

    Someone who tries one fine-tuning after another on the same fifty digits, and keeps the best, chooses the luckiest.
    Raises HandError if there is no complete exam, or none that has not judged another run.
    """
    exams = [exam for exam in list_exams(hand) if exam.complete]
    judged: list[Judged] = read_records(hand.proofs_file, Judged)
    for exam in exams:
        if any((entry.exam, entry.run) == (exam.id, run_id) for entry in judged):
            return exam
    used = {entry.exam for entry in judged}
    fresh = next((exam for exam in exams if exam.id not in used), None)
    if fresh is None:
        if not exams:
            raise HandError("The proof needs an exam. Take one first: it takes about two minutes.")
        raise HandError(
            "Your last exam has already judged another model, and it would favour the luckiest of several attempts. "
            "Take a fresh exam to judge this one."
        )
    hand.append(hand.proofs_file, [Judged(exam=fresh.id, run=run_id, time=time.time())])
    return fresh
