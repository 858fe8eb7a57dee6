"""A student's guesses and results in the lessons, and the totals for a school class.

They are stored in the hand's folder, so that they are deleted with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from core.errors import StorageError
from core.json_lines import read_records
from core.lessons.results import LESSON_IDS, LessonId, Name, Result, Results
from core.personal.hand import Hand, list_hands
from core.personal.stamps import file_stamps
from core.records import Record
from core.workspace import Workspace

MAX_ENTRIES = 500
"""Number of entries after which only the first result of each lesson is stored for a hand.

Some lessons have a new result after every stroke.
"""

_FILE = "lessons.jsonl"


class _Guessed(Record):
    kind: Literal["guessed"] = "guessed"
    lesson: LessonId
    guess: Name


class _Finished(Record):
    kind: Literal["finished"] = "finished"
    lesson: LessonId
    result: Result


class _Forgotten(Record):
    kind: Literal["forgotten"] = "forgotten"


_Entry = Annotated[_Guessed | _Finished | _Forgotten, Field(discriminator="kind")]


@dataclass(frozen=True)
class Progress:
    """A student's first guess in each lesson they have started, and their latest results."""

    guesses: Mapping[LessonId, str] = field(default_factory=dict)
    results: Results = field(default_factory=Results)


@dataclass(frozen=True)
class LessonCount:
    """The number of students who have finished a lesson, and the number who made each guess."""

    finished: int
    guesses: Mapping[str, int]


def store_guess(hand: Hand, lesson: LessonId, guess: str) -> None:
    """Store the first guess in a lesson; raises HandError if the hand was deleted, or StorageError."""
    if lesson not in progress(hand).guesses:
        hand.append(_file(hand), [_Guessed(lesson=lesson, guess=guess)])


def store_result(hand: Hand, lesson: LessonId, result: Result) -> None:
    """Store the result of a finished lesson, if MAX_ENTRIES allows it; raises the same errors as `store_guess`."""
    entries = _entries(hand)
    if len(entries) < MAX_ENTRIES or lesson not in _progress(entries).results.lessons:
        hand.append(_file(hand), [_Finished(lesson=lesson, result=result)])


def forget_lessons(hand: Hand) -> None:
    """Forget all guesses and results of a hand; raises HandError if the hand was deleted, or StorageError."""
    hand.append(_file(hand), [_Forgotten()], even_if_full=True)


def progress(hand: Hand) -> Progress:
    """Return the progress of a hand; damaged lines are skipped. Raises StorageError."""
    return _progress(_entries(hand))


def _progress(entries: Iterable[_Guessed | _Finished | _Forgotten]) -> Progress:
    guesses: dict[LessonId, str] = {}
    results = Results()
    for entry in entries:
        if isinstance(entry, _Guessed):
            guesses.setdefault(entry.lesson, entry.guess)
        elif isinstance(entry, _Finished):
            results = results.with_result(entry.lesson, entry.result)
        else:
            guesses, results = {}, Results()
    return Progress(guesses, results)


def class_progress(workspace: Workspace) -> list[Progress]:
    """Return the progress of each hand; a hand whose file cannot be read is left out."""
    students = []
    for hand in list_hands(workspace):
        try:
            students.append(progress(hand))
        except StorageError:  # one unreadable file must not keep the others from being read
            continue
    return students


def count_lessons(students: Sequence[Progress]) -> dict[LessonId, LessonCount]:
    """Return a school class's counts for each lesson."""
    return {
        lesson: LessonCount(
            finished=sum(lesson in student.results.lessons for student in students),
            guesses=Counter(student.guesses[lesson] for student in students if lesson in student.guesses),
        )
        for lesson in LESSON_IDS
    }


def progress_stamps(workspace: Workspace) -> tuple[tuple[str, int, int], ...]:
    """Return a value that changes with any guess or result, without reading the files."""
    return file_stamps(workspace, _FILE)


def _entries(hand: Hand) -> list[_Guessed | _Finished | _Forgotten]:
    return read_records(_file(hand), _Entry)


def _file(hand: Hand) -> Path:
    return hand.folder / _FILE
