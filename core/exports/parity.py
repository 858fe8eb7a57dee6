"""A comparison of a model's Keras file with all other ways of running the model, and its record on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from core.classifier.predictor import Verdict, format_confidence
from core.data.datasets import CLASSES
from core.language import Message, count_message
from core.records import Amount, Count, Fraction, Record
from core.storage import atomic_write, read_file

REFERENCE = ".keras"
"""Name of the way with which all others are compared."""

_VERDICTS: dict[Verdict, Message] = {
    "digit": Message("a digit"),
    "unsure": Message("a close call"),
    "not_a_digit": Message("not a digit"),
    "blank": Message("blank"),
    "error": Message("an error"),
}


@dataclass(frozen=True)
class Answers:
    """The predictions of one way for n pictures: calibrated `probabilities` float (n, 10), and `verdicts`.

    `milliseconds`: time for one picture.
    """

    probabilities: np.ndarray
    verdicts: Sequence[Verdict]
    milliseconds: float


class Way(Record):
    """A way of running the model, compared with the reference.

    `difference`: the largest difference in probability. `changed_digits`, `changed_verdicts`: numbers of pictures;
    `changed`: number of pictures with either. `example`: the first changed prediction in words. `problem`: why this way
    could not be run; all other fields except `name` are then None.
    """

    name: str
    difference: Fraction | None = None
    changed_digits: Count | None = None
    changed_verdicts: Count | None = None
    changed: Count | None = None
    milliseconds: Amount | None = None
    example: Message | None = None
    problem: Message | None = None


class Parity(Record):
    """The comparison. `data`: the dataset of the fixed images. `drawing`: SHA-256 of the additional picture, if any.

    `probabilities` and `verdicts` are those of the reference, one for each picture, the drawing last.
    """

    data: str
    drawing: str | None
    probabilities: tuple[Annotated[tuple[Fraction, ...], Field(min_length=CLASSES, max_length=CLASSES)], ...]
    verdicts: tuple[Verdict, ...]
    ways: tuple[Way, ...]

    @model_validator(mode="after")
    def _check_lengths(self) -> Self:
        if len(self.probabilities) != len(self.verdicts):
            raise ValueError("Expected probabilities and a verdict for each picture.")
        return self

    def has_same_pictures_as(self, other: Parity) -> bool:
        """Return True if another comparison has the same pictures and the same reference predictions."""
        return (self.data, self.drawing, self.probabilities) == (other.data, other.drawing, other.probabilities)

    @classmethod
    def of_reference(cls, data: str, drawing: bytes | None, answers: Answers) -> Parity:
        """Return the comparison with the reference as its only way."""
        probabilities = tuple(tuple(row) for row in answers.probabilities.clip(0, 1).tolist())
        key = None if drawing is None else drawing_key(drawing)
        empty = cls(data=data, drawing=key, probabilities=probabilities, verdicts=tuple(answers.verdicts), ways=())
        return empty.with_way(REFERENCE, answers)

    def with_way(self, name: str, answers: Answers | Message) -> Parity:
        """Return the comparison with one more way; `answers` is a message if this way could not be run.

        The answers may cover only the first pictures.
        """
        way = Way(name=name, problem=answers) if isinstance(answers, Message) else self._compare(name, answers)
        return self.model_copy(update={"ways": (*(other for other in self.ways if other.name != name), way)})

    def _compare(self, name: str, answers: Answers) -> Way:
        expected = np.array(self.probabilities[: len(answers.verdicts)])
        pairs = zip(self.verdicts, answers.verdicts, strict=False)
        verdict_changed = np.array([reference != found for reference, found in pairs], bool)
        digit_changed = answers.probabilities.argmax(axis=1) != expected.argmax(axis=1)
        changed = np.flatnonzero(verdict_changed | digit_changed)
        return Way(
            name=name,
            difference=min(float(np.abs(answers.probabilities - expected).max()), 1.0),
            changed_digits=int(digit_changed.sum()),
            changed_verdicts=int(verdict_changed.sum()),
            changed=len(changed),
            milliseconds=answers.milliseconds,
            example=self._describe(int(changed[0]), answers) if len(changed) else None,
        )

    def _describe(self, index: int, answers: Answers) -> Message:
        """Describe how the prediction for a picture changes."""
        before = _describe(np.array(self.probabilities[index]), self.verdicts[index])
        after = _describe(answers.probabilities[index], answers.verdicts[index])
        return Message("{before} confidence becomes {after}", before=before, after=after)

    @property
    def failure(self) -> Message | None:
        """A message about the ways with changed predictions, or None if all agree."""
        changed = [way for way in self.ways if way.changed]
        if not changed:
            return None
        count = max(way.changed or 0 for way in changed)
        *names, last = (way.name for way in changed)
        ways = Message("{names} and {last}", names=", ".join(names), last=last) if names else last
        return count_message(
            "{count} of {pictures} pictures gets a different digit or verdict from {ways} than from the {reference} "
            "file: for example, {example}. Use the {reference} file, or train again.",
            "{count} of {pictures} pictures get a different digit or verdict from {ways} than from the {reference} "
            "file: for example, {example}. Use the {reference} file, or train again.",
            count,
            pictures=len(self.verdicts),
            ways=ways,
            reference=REFERENCE,
            example=changed[0].example,
        )


def _describe(probabilities: np.ndarray, verdict: Verdict) -> Message:
    return Message(
        "{digit}, {verdict} with {confidence}",
        digit=int(probabilities.argmax()),
        verdict=_VERDICTS[verdict],
        confidence=format_confidence(float(probabilities.max())),
    )


def drawing_key(drawing: bytes) -> str:
    """Return the SHA-256 (hex) of an encoded picture."""
    return hashlib.sha256(drawing).hexdigest()


def read_parity(path: Path) -> Parity | None:
    """Return a stored comparison, or None if there is none or it is damaged."""
    try:
        return Parity.model_validate_json(read_file(path))
    except (OSError, ValidationError):
        return None


def write_parity(path: Path, parity: Parity) -> None:
    """Store a comparison; raises StorageError."""
    with atomic_write(path, durable=False) as temporary:
        temporary.write_text(parity.model_dump_json() + "\n")
