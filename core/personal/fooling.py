"""Fool it: drawings that people read as a digit but the model does not, and the class's votes on what they are.

Drawings and votes are stored in the folder of the hand that made them, so that they are deleted with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from uuid import uuid4

from pydantic import Field

from core.errors import HandError, StorageError
from core.json_lines import read_records
from core.language import Message
from core.personal.hand import Hand, list_hands
from core.personal.stamps import file_stamps
from core.personal.written import Digit, RecordId, WrittenDigit
from core.records import Record
from core.workspace import Workspace

MIN_AGREEING = 3
"""Minimum number of votes for a digit at which a drawing counts as that digit."""

MAX_DRAWINGS = 100
"""Maximum number of drawings per hand."""

_FILE = "fooling.jsonl"


class _Drawn(Record):
    kind: Literal["drawn"] = "drawn"
    id: RecordId
    written: WrittenDigit


class _Withdrawn(Record):
    kind: Literal["withdrawn"] = "withdrawn"
    id: RecordId


class _Voted(Record):
    """A vote; a `label` of None means that the drawing is not a digit."""

    kind: Literal["voted"] = "voted"
    drawing: RecordId
    label: Digit | None


_Entry = Annotated[_Drawn | _Withdrawn | _Voted, Field(discriminator="kind")]


@dataclass(frozen=True)
class Attempt:
    """A drawing that the model misread, and the votes of other hands, keyed by their ids."""

    hand: Hand
    id: str
    written: WrittenDigit
    votes: Mapping[str, int | None]

    @property
    def agreed(self) -> int | None:
        """The digit with the most votes, if these are at least MIN_AGREEING and there is no tie; otherwise None."""
        (label, count), *others = [*Counter(self.votes.values()).most_common(2), (None, 0)]
        return label if count >= MIN_AGREEING and count > others[0][1] else None

    @property
    def scores(self) -> bool:
        """True if people agree on a digit and the model is wrong."""
        return self.agreed is not None and self.agreed != self.written.predicted


def submit(hand: Hand, written: WrittenDigit) -> str:
    """Add a drawing, labelled with the intended digit; return its id.

    Raises HandError if the model reads it correctly, if the hand already has MAX_DRAWINGS, or if it is full or was
    deleted.
    """
    if written.label == written.predicted:
        raise HandError(Message("The model reads this {digit}, too. Write a more unusual one.", digit=written.label))
    entries = _entries(hand)
    if sum(isinstance(entry, _Drawn) for entry in entries) >= MAX_DRAWINGS:
        raise HandError(
            Message(
                "You have made {limit} drawings, which is the limit. Vote on other people's drawings.",
                limit=MAX_DRAWINGS,
            )
        )
    drawn = _Drawn(id=uuid4().hex[:12], written=written)
    hand.append(_file(hand), [drawn])
    return drawn.id


def withdraw(hand: Hand, drawing: str) -> None:
    """Remove a drawing of this hand."""
    hand.append(_file(hand), [_Withdrawn(id=drawing)], even_if_full=True)


def vote(hand: Hand, attempt: Attempt, label: int | None) -> None:
    """Vote on another hand's drawing; None means not a digit. Raises HandError for its own drawing or a second vote."""
    if attempt.hand == hand:
        raise HandError(Message("You cannot vote on your own drawing."))
    if any(isinstance(entry, _Voted) and entry.drawing == attempt.id for entry in _entries(hand)):
        raise HandError(Message("You have already voted on this drawing."))
    hand.append(_file(hand), [_Voted(drawing=attempt.id, label=label)])


def attempts(workspace: Workspace) -> list[Attempt]:
    """Return all drawings with their votes; damaged lines and files are skipped."""
    drawings: dict[str, tuple[Hand, WrittenDigit]] = {}
    votes: dict[str, dict[str, int | None]] = {}
    for hand in list_hands(workspace):
        try:
            entries = _entries(hand)
        except StorageError:  # one unreadable file must not keep the others from being read
            continue
        for entry in entries:
            if isinstance(entry, _Drawn):
                drawings[entry.id] = (hand, entry.written)
            elif isinstance(entry, _Withdrawn):
                if drawings.get(entry.id, (None,))[0] == hand:
                    del drawings[entry.id]
            else:
                votes.setdefault(entry.drawing, {}).setdefault(hand.id, entry.label)
    return [Attempt(hand, key, written, votes.get(key, {})) for key, (hand, written) in drawings.items()]


def next_to_judge(hand: Hand, all_attempts: Sequence[Attempt]) -> Attempt | None:
    """Return the drawing that this hand should vote on next: the one with the fewest votes, or None."""
    open_attempts = [each for each in all_attempts if each.hand != hand and hand.id not in each.votes]
    return min(open_attempts, key=lambda each: len(each.votes), default=None)


def won(all_attempts: Sequence[Attempt]) -> list[WrittenDigit]:
    """Return the drawings that score, labelled with the digit that people agreed on."""
    return [each.written.model_copy(update={"label": each.agreed}) for each in all_attempts if each.scores]


def stamps(workspace: Workspace) -> tuple[tuple[str, int, int], ...]:
    """Return a value that changes with any drawing or vote, without reading the files."""
    return file_stamps(workspace, _FILE)


def _entries(hand: Hand) -> list[_Drawn | _Withdrawn | _Voted]:
    return read_records(_file(hand), _Entry)


def _file(hand: Hand) -> Path:
    return hand.folder / _FILE
