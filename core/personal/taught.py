"""The digits that a hand has taught: an append-only log of what was written, relabelled and removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal
from uuid import uuid4

from pydantic import Field

from core.errors import HandError
from core.json_lines import from_lines, read_records, to_lines
from core.language import Message
from core.personal.hand import Hand
from core.personal.written import Digit, RecordId, WrittenDigit, fingerprint
from core.records import Record

MAX_TAUGHT = 1000
"""Maximum number of digits that a hand can teach; more than 100 hardly help."""


class _Taught(Record):
    kind: Literal["taught"] = "taught"
    id: RecordId
    written: WrittenDigit


class _Relabelled(Record):
    kind: Literal["relabelled"] = "relabelled"
    id: RecordId
    label: Digit | None


class _Removed(Record):
    kind: Literal["removed"] = "removed"
    id: RecordId


_Entry = Annotated[_Taught | _Relabelled | _Removed, Field(discriminator="kind")]


def teach(hand: Hand, written: WrittenDigit, sealed: Iterable[str] = ()) -> str:
    """Add a written digit; return its id.

    `sealed`: fingerprints of the digits of exams, from which nothing may be learned. Raises HandError for such a
    digit, if the hand already has MAX_TAUGHT digits or is full, or if it was deleted.
    """
    if fingerprint(written) in set(sealed):
        raise HandError(Message("This digit belongs to an exam, so it cannot be taught. Write it once more."))
    if len(taught(hand)) >= MAX_TAUGHT:
        raise HandError(
            Message("This hand has taught {digits} digits. Remove some that are no longer needed.", digits=MAX_TAUGHT)
        )
    entry = _Taught(id=uuid4().hex[:12], written=written)
    hand.append(hand.taught_file, [entry])
    return entry.id


def relabel(hand: Hand, taught_id: str, label: int | None) -> None:
    """Change the label of a taught digit; None means that it is not a digit."""
    hand.append(hand.taught_file, [_Relabelled(id=taught_id, label=label)])


def forget(hand: Hand, taught_id: str) -> None:
    """Remove a taught digit."""
    hand.append(hand.taught_file, [_Removed(id=taught_id)], even_if_full=True)


def taught_lines(digits: Mapping[str, WrittenDigit]) -> bytes:
    """Return the contents of a file with these taught digits."""
    return to_lines(_Taught(id=taught_id, written=written) for taught_id, written in digits.items())


def taught_from_lines(lines: bytes) -> dict[str, WrittenDigit]:
    """Return the taught digits from the contents of such a file; raises ValueError if any line is damaged."""
    return {entry.id: entry.written for entry in from_lines(lines, _Taught)}


def taught(hand: Hand) -> dict[str, WrittenDigit]:
    """Return all taught digits by id, the oldest first; damaged lines of the log are skipped. Raises StorageError."""
    digits: dict[str, WrittenDigit] = {}
    for entry in read_records(hand.taught_file, _Entry):
        if isinstance(entry, _Taught):
            digits[entry.id] = entry.written
        elif entry.id in digits:
            if isinstance(entry, _Removed):
                del digits[entry.id]
            else:
                digits[entry.id] = digits[entry.id].model_copy(update={"label": entry.label})
    return digits
