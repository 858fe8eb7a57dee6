"""A hand: one person's writing, in a folder of its own, `personal/<id>/`."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from uuid import uuid4

from pydantic import ValidationError

from core.errors import HandError
from core.json_lines import append_records
from core.language import Message
from core.records import Record, Timestamp
from core.storage import atomic_write, file_state, make_folder, read_file, remove, storage_errors
from core.visible_text import visible_line
from core.workspace import Workspace

MAX_HANDS = 200
"""Maximum number of hands in a workspace; a class has about thirty."""
MAX_NAME_LENGTH = 40
MAX_HAND_BYTES = 8 * 2**20
"""Size of a hand's files after which nothing can be added; removed digits count, because they stay in the files.

Real digits take about a kilobyte each. Reading 8 MB takes half a second, and a page reads all files of a hand.
"""

_NEW_PREFIX = ".new-"
"""Prefix of the folder of a hand that is being created."""
_DELETED_PREFIX = ".deleted-"
"""Prefix of the folder of a hand that is being deleted."""

_DELETED = Message("This hand was deleted. Choose another one on the Your hand page.")


class HandRecord(Record):
    """The name of a hand and its models.

    `model`: id of the run whose model reads this hand, or None for the active model. `previous`: the previous model,
    which can be restored.
    """

    name: str
    created: Timestamp
    model: str | None = None
    previous: str | None = None


@dataclass(frozen=True)
class Hand:
    """The folder of a hand; its name is the hand's id, which says nothing about the person."""

    folder: Path

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def record_file(self) -> Path:
        return self.folder / "hand.json"

    @property
    def taught_file(self) -> Path:
        return self.folder / "taught.jsonl"

    @property
    def exams(self) -> Path:
        return self.folder / "exams"

    @property
    def proofs_file(self) -> Path:
        return self.folder / "proofs.jsonl"

    def record(self) -> HandRecord:
        """Read the record; raises HandError if the hand was deleted or its record is damaged."""
        try:
            return HandRecord.model_validate_json(read_file(self.record_file))
        except FileNotFoundError as error:
            raise HandError(_DELETED) from error
        except (OSError, ValidationError) as error:
            raise HandError(
                Message(
                    "The file hand.json of the hand {hand} is damaged or cannot be read. Delete the hand, or "
                    "import it again.",
                    hand=self.id,
                )
            ) from error

    def write_record(self, record: HandRecord) -> None:
        """Replace the record; raises HandError if the hand was deleted, or StorageError."""
        if not self.folder.is_dir():
            raise HandError(_DELETED)
        with atomic_write(self.record_file) as temporary:
            temporary.write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")

    def append(self, file: Path, records: Iterable[Record], *, even_if_full: bool = False) -> None:
        """Append records to a file of this hand.

        `even_if_full`: True for records that a hand needs when it is full, such as those that remove something.
        Raises HandError if the hand was deleted or has reached MAX_HAND_BYTES, or StorageError.
        """
        self.record()
        try:
            if not even_if_full and self._bytes() >= MAX_HAND_BYTES:
                raise HandError(
                    Message(
                        "This hand is full: its files take {megabytes} MB. Continue with a new hand, or export this "
                        "one and import it again, which leaves out everything that was removed.",
                        megabytes=MAX_HAND_BYTES // 2**20,
                    )
                )
            with storage_errors(file):
                # Without its parents: a hand that was just deleted must not reappear.
                file.parent.mkdir(exist_ok=True)
            append_records(file, records)
        except FileNotFoundError as error:
            raise HandError(_DELETED) from error

    def _bytes(self) -> int:
        """Return the size of this hand's files."""
        states = map(file_state, self.folder.rglob("*"))
        return sum(state.st_size for state in states if state)


def create_hand(workspace: Workspace, name: str) -> Hand:
    """Create a hand; raises HandError if the name is empty or taken or there are MAX_HANDS already, or StorageError."""
    return new_hand(workspace, name, time.time())


def new_hand(workspace: Workspace, name: str, created: float, fill: Callable[[Hand], None] | None = None) -> Hand:
    """Create a hand, and let `fill` add files before it is listed; if anything fails, no files are left behind.

    `created`: Unix timestamp. Raises the same errors as `create_hand`.
    """
    with workspace.locked():
        _remove_leftovers(workspace)
        record = HandRecord(name=_check_name(workspace, name), created=created)
        if len(list_hands(workspace)) >= MAX_HANDS:
            raise HandError(
                Message("There are {limit} hands already. Delete one that is no longer used.", limit=MAX_HANDS)
            )
        hand = Hand(workspace.personal / uuid4().hex[:12])
        unlisted_hand = Hand(make_folder(workspace.personal / (_NEW_PREFIX + hand.id)))
        with storage_errors(workspace.personal):
            workspace.personal.chmod(0o700)  # other accounts on this machine must not read it
        try:
            unlisted_hand.write_record(record)
            if fill:
                fill(unlisted_hand)
            with storage_errors(hand.folder):
                unlisted_hand.folder.rename(hand.folder)
        except BaseException:
            with suppress(OSError):
                remove(unlisted_hand.folder)
            raise
    return hand


def list_hands(workspace: Workspace) -> list[Hand]:
    """Return all hands, oldest first; those with a damaged record come last."""
    try:
        folders = [path for path in workspace.personal.iterdir() if (path / "hand.json").is_file()]
        folders = [path for path in folders if not path.name.startswith(".")]
    except OSError:
        return []
    return sorted(map(Hand, folders), key=lambda hand: (_created(hand), hand.id))


def hand_with_id(workspace: Workspace, hand_id: str) -> Hand | None:
    """Return the hand with this id, or None; the id is compared with folder names and never becomes part of a path."""
    try:
        return next((Hand(path) for path in workspace.personal.iterdir() if path.name == hand_id), None)
    except OSError:
        return None


def find_hand(workspace: Workspace, name: str) -> Hand:
    """Return the hand with this id or name; raises HandError if there is none.

    The name is compared with those of existing hands and never becomes part of a path.
    """
    hands = list_hands(workspace)
    for hand in hands:
        if hand.id == name:
            return hand
    for hand in hands:
        if hand_name(hand).casefold() == name.strip().casefold():
            return hand
    raise HandError(
        Message("There is no hand named {name!r}. List all hands with: python -m core hand list", name=name)
    )


def rename_hand(workspace: Workspace, hand: Hand, name: str) -> None:
    """Give a hand another name; raises HandError if the name is empty, too long or taken, or the hand was deleted."""
    with workspace.locked():
        record = hand.record()
        hand.write_record(record.model_copy(update={"name": _check_name(workspace, name, hand)}))


def free_name(workspace: Workspace, name: str) -> str:
    """Return a name of at most MAX_NAME_LENGTH characters that no hand has: this one, or one with a number."""
    taken = {hand_name(hand).casefold() for hand in list_hands(workspace)}
    suffixes = chain([""], (f" {number}" for number in count(2)))
    candidates = (name[: MAX_NAME_LENGTH - len(suffix)].rstrip() + suffix for suffix in suffixes)
    return next(candidate for candidate in candidates if candidate.casefold() not in taken)


def use_model(workspace: Workspace, hand: Hand, run_id: str) -> None:
    """Let a run's model read this hand from now on; raises HandError if the hand was deleted."""
    with workspace.locked():
        record = hand.record()
        hand.write_record(record.model_copy(update={"model": run_id, "previous": record.model}))


def use_previous_model(workspace: Workspace, hand: Hand) -> None:
    """Go back to the model that the last `use_model` replaced; raises HandError if the hand was deleted."""
    with workspace.locked():
        record = hand.record()
        hand.write_record(record.model_copy(update={"model": record.previous, "previous": None}))


def delete_hand(workspace: Workspace, hand: Hand) -> None:
    """Delete everything that a hand has written; its models remain as runs. Raises HandError if it is already gone."""
    with workspace.locked(), storage_errors(hand.folder):
        _remove_leftovers(workspace)
        # Renamed first, so that an interrupted deletion leaves no partial hand.
        hidden = hand.folder.with_name(_DELETED_PREFIX + hand.id)
        try:
            hand.folder.rename(hidden)
        except FileNotFoundError as error:
            raise HandError(Message("This hand was already deleted.")) from error
        shutil.rmtree(hidden)


def hand_name(hand: Hand) -> str:
    """Return the name of a hand, or its id if its record cannot be read."""
    try:
        return hand.record().name
    except HandError:
        return hand.id


def _check_name(workspace: Workspace, name: str, hand: Hand | None = None) -> str:
    """Return the name without invisible characters; raises HandError if it is empty, too long or another hand's."""
    name = visible_line(name)
    if not name:
        raise HandError(Message("Give the hand a name, such as your first name."))
    if len(name) > MAX_NAME_LENGTH:
        raise HandError(Message("This name is too long. Use at most {limit} characters.", limit=MAX_NAME_LENGTH))
    if name.casefold() in {hand_name(other).casefold() for other in list_hands(workspace) if other != hand}:
        raise HandError(Message("There is a hand with this name already. Choose another name."))
    return name


def _remove_leftovers(workspace: Workspace) -> None:
    """Remove hands whose creation or deletion was cut short by a killed process; the lock must be held."""
    for prefix in (_NEW_PREFIX, _DELETED_PREFIX):
        for path in workspace.personal.glob(f"{prefix}*"):
            with suppress(OSError):  # files owned by another user
                remove(path)


def _created(hand: Hand) -> float:
    try:
        return hand.record().created
    except HandError:
        return float("inf")
