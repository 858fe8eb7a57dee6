"""A person's results in the lessons, as their browser stores them."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, ValidationError

from core.records import Record

LessonId = Literal["pixels", "centring", "filter", "learning", "memorising", "confusion", "calibration", "fooling"]
LESSON_IDS: tuple[LessonId, ...] = get_args(LessonId)
"""The lessons in order."""

MAX_STORED = 20_000
"""Maximum length of stored results in characters; eight complete results take about 1,500."""

Name = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
"""A guess, or the name of a number that a lesson has measured."""


class Result(Record):
    """The result of a finished lesson.

    `guess`: the option that the person chose before they saw the answer. `measured`: numbers by name, from which the
    lesson builds its sentence.
    """

    guess: Name
    measured: Annotated[dict[Name, float], Field(default_factory=dict, max_length=20)]


class Results(Record):
    """The results of all finished lessons, by lesson."""

    lessons: dict[LessonId, Result] = Field(default_factory=dict)

    def with_result(self, lesson: LessonId, result: Result) -> Results:
        """Return these results with one lesson's result added or replaced."""
        return Results(lessons={**self.lessons, lesson: result})

    def merged(self, newer: Results) -> Results:
        """Return these results, updated with those in `newer`."""
        return Results(lessons={**self.lessons, **newer.lessons})


def read_results(text: object) -> Results:
    """Return the results in the JSON that a browser has stored; none if it is damaged or not a string."""
    if not isinstance(text, str) or len(text) > MAX_STORED:
        return Results()
    try:
        return Results.model_validate_json(text)
    except ValidationError:
        return Results()
