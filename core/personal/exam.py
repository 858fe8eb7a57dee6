"""An exam: fifty prompted digits in a person's hand, from which no model ever learns."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from uuid import uuid4

from pydantic import AfterValidator, Field

from core.data.datasets import CLASSES
from core.errors import HandError
from core.json_lines import from_lines, read_records, to_lines
from core.language import Message
from core.personal.hand import Hand
from core.personal.taught import taught
from core.personal.written import Digit, WrittenDigit, fingerprint
from core.records import Record, Timestamp
from core.storage import storage_errors

DIGITS_PER_CLASS = 5
EXAM_DIGITS = DIGITS_PER_CLASS * CLASSES

_MAX_PROMPTS = 1000
"""Far more than an exam has in any version."""


def _check_label(written: WrittenDigit) -> WrittenDigit:
    if written.label is None:
        raise ValueError("Expected the label of a digit. Received: None.")
    return written


class _Started(Record):
    kind: Literal["started"] = "started"
    prompts: Annotated[tuple[Digit, ...], Field(min_length=1, max_length=_MAX_PROMPTS)]
    time: Timestamp


class _Answered(Record):
    kind: Literal["written"] = "written"
    written: Annotated[WrittenDigit, AfterValidator(_check_label)]


class _TakenBack(Record):
    kind: Literal["taken back"] = "taken back"


_Entry = Annotated[_Started | _Answered | _TakenBack, Field(discriminator="kind")]


@dataclass(frozen=True)
class Exam:
    """An exam, with the digits written so far.

    `id`: name of its file. `prompts`: the digits to write, in order. `written`: those written so far.
    `started`: Unix timestamp.
    """

    id: str
    prompts: tuple[int, ...]
    written: tuple[WrittenDigit, ...]
    started: float

    @property
    def prompt(self) -> int | None:
        """The digit to write next, or None if the exam is complete."""
        return None if self.complete else self.prompts[len(self.written)]

    @property
    def complete(self) -> bool:
        return len(self.written) >= len(self.prompts)


def start_exam(hand: Hand) -> Exam:
    """Begin an exam of EXAM_DIGITS digits in random order; raises HandError if the hand was deleted."""
    prompts = [digit for digit in range(CLASSES) for _ in range(DIGITS_PER_CLASS)]
    random.shuffle(prompts)
    exam_id, now = f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid4().hex[:6]}", time.time()
    hand.append(exam_file(hand, exam_id), [_Started(prompts=tuple(prompts), time=now)])
    return Exam(exam_id, tuple(prompts), (), now)


def answer(hand: Hand, exam: Exam, written: WrittenDigit) -> None:
    """Add the digit that was written for the next prompt; its label becomes that prompt.

    Raises HandError if the exam is complete, if it was continued in another tab, or if the hand is full or was deleted.
    """
    read_exam(hand, exam.id)  # appending would recreate the file of a deleted exam
    hand.append(exam_file(hand, exam.id), _answer(hand, exam, written))


def take_back(hand: Hand, exam: Exam) -> None:
    """Remove the last written digit, so that it can be written again.

    Raises HandError if the exam was continued in another tab, or if the hand was deleted.
    """
    read_exam(hand, exam.id)  # appending would recreate the file of a deleted exam
    hand.append(exam_file(hand, exam.id), _take_back(hand, exam), even_if_full=True)


def _answer(hand: Hand, exam: Exam, written: WrittenDigit) -> Iterator[_Answered]:
    """Yield the entry that `answer` appends, once the file is locked; may raise the same HandError."""
    _check_unchanged(hand, exam)
    if exam.prompt is None:
        raise HandError(Message("This exam is complete. Start a new one to write more digits."))
    yield _Answered(written=written.model_copy(update={"label": exam.prompt}))


def _take_back(hand: Hand, exam: Exam) -> Iterator[_TakenBack]:
    """Yield the entry that `take_back` appends, if any, once the file is locked; may raise the same HandError."""
    _check_unchanged(hand, exam)
    if exam.written:
        yield _TakenBack()


def _check_unchanged(hand: Hand, exam: Exam) -> None:
    if read_exam(hand, exam.id).written != exam.written:
        raise HandError(Message("This exam was continued in another tab. Go on there, or reload this page."))


def discard_exam(hand: Hand, exam: Exam) -> None:
    """Delete an exam that is not complete; raises HandError if it was completed in another tab."""
    if read_exam(hand, exam.id).complete:
        raise HandError(Message("This exam is already complete. Reload the page to see its result."))
    with storage_errors(hand.exams):
        exam_file(hand, exam.id).unlink(missing_ok=True)


def read_exam(hand: Hand, exam_id: str) -> Exam:
    """Return an exam; raises HandError if there is none, or if its first line is damaged."""
    hand.record()
    exam = _exam(exam_id, read_records(exam_file(hand, exam_id), _Entry))
    if exam is None:
        raise HandError(Message("This exam was deleted or is damaged. Start a new one."))
    return exam


def list_exams(hand: Hand) -> list[Exam]:
    """Return all exams, the newest first; damaged lines and files are skipped. Raises StorageError."""
    return list(_exams(hand))


def newest_exam(hand: Hand) -> Exam | None:
    """Return the first exam of `list_exams` without reading the others, or None. Raises StorageError."""
    return next(_exams(hand), None)


def _exams(hand: Hand) -> Iterator[Exam]:
    for file in sorted(hand.exams.glob("[0-9]*.jsonl"), reverse=True):
        exam = _exam(file.stem, read_records(file, _Entry))
        if exam is not None:
            yield exam


def exam_lines(exam: Exam) -> bytes:
    """Return the contents of the exam's file, without digits that were taken back."""
    entries = [_Started(prompts=exam.prompts, time=exam.started), *(_Answered(written=each) for each in exam.written)]
    return to_lines(entries)


def exam_from_lines(exam_id: str, lines: bytes) -> Exam:
    """Return an exam from the contents of its file; raises ValueError if any line is damaged."""
    exam = _exam(exam_id, from_lines(lines, _Entry))
    if exam is None:
        raise ValueError("Expected the prompts of an exam.")
    return exam


def _exam(exam_id: str, entries: Iterable[_Started | _Answered | _TakenBack]) -> Exam | None:
    """Return the exam that these entries of its file describe, or None if its prompts are missing."""
    started: _Started | None = None
    written: list[WrittenDigit] = []
    for entry in entries:
        if isinstance(entry, _Started):
            started = started or entry
        elif isinstance(entry, _Answered):
            written.append(entry.written)
        elif written:
            written.pop()
    return Exam(exam_id, started.prompts, tuple(written), started.time) if started else None


def exam_file(hand: Hand, exam_id: str) -> Path:
    """Return the path of an exam's file."""
    return hand.exams / f"{exam_id}.jsonl"


def learnable_digits(hands: Sequence[Hand]) -> list[WrittenDigit]:
    """Return all digits that these hands have taught, except those that belong to their exams. Raises StorageError."""
    sealed = sealed_fingerprints(exam for hand in hands for exam in list_exams(hand))
    return [each for hand in hands for each in taught(hand).values() if fingerprint(each) not in sealed]


def sealed_fingerprints(exams: Iterable[Exam]) -> set[str]:
    """Return the fingerprints of all digits in these exams."""
    return {fingerprint(written) for exam in exams for written in exam.written}
