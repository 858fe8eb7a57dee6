"""A hand as one file: a ZIP archive with everything that was written, to take to another workspace.

Run ids stay behind, because they mean nothing elsewhere. Exams stay exams: no model learns from them there either.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from core.errors import HandError
from core.json_lines import from_lines, read_records, to_lines
from core.language import Message, tr
from core.personal.exam import Exam, exam_file, exam_from_lines, exam_lines, list_exams
from core.personal.hand import Hand, free_name, new_hand
from core.personal.proof import JudgedExam
from core.personal.taught import MAX_TAUGHT, taught, taught_from_lines, taught_lines
from core.personal.written import WrittenDigit
from core.records import Record, Timestamp
from core.storage import atomic_write
from core.visible_text import visible_line
from core.workspace import Workspace

MAX_ARCHIVE_BYTES = 16 * 2**20
"""Maximum size of an archive; 1,000 taught digits and ten exams take less than 1 MB."""
MAX_CONTENT_BYTES = 32 * 2**20
"""Maximum total size of the files in an archive; reading them takes about ten times as much memory."""
MAX_EXAMS = 500

ELSEWHERE = "elsewhere"
"""Name that stands for any model in an archive."""

_NEWEST_VERSION = 1
_EXAM_NAME = re.compile(r"exams/([0-9]{8}-[0-9]{6}-[0-9a-f]{6})\.jsonl")
_NOT_A_HAND = Message(
    "This file is damaged, or it is not a hand that Trazo has exported. Export the hand again, then import it."
)
_TOO_LARGE = Message(
    "This hand is too large to export as one file. Remove taught digits that you no longer need, then export it."
)


class _Header(Record, extra="ignore"):
    """The contents of hand.json in an archive."""

    kind: Literal["hand"] = "hand"
    version: int = _NEWEST_VERSION
    name: str
    created: Timestamp


@dataclass(frozen=True)
class _Contents:
    header: _Header
    taught: Mapping[str, WrittenDigit]
    exams: tuple[Exam, ...]
    judged: tuple[JudgedExam, ...]


def export_hand(hand: Hand) -> bytes:
    """Return the archive of a hand: its current taught digits, its exams, and which of these have judged a model.

    Raises HandError if the hand was deleted, is damaged or is too large, StorageError if its files cannot be read.
    """
    record = hand.record()
    files = {
        "hand.json": _Header(name=record.name, created=record.created).model_dump_json(indent=2).encode() + b"\n",
        "taught.jsonl": taught_lines({key: _without_model(written) for key, written in taught(hand).items()}),
        "proofs.jsonl": to_lines(
            judged.model_copy(update={"run": ELSEWHERE}) for judged in read_records(hand.proofs_file, JudgedExam)
        ),
    }
    for exam in list_exams(hand):
        anonymous = Exam(exam.id, exam.prompts, tuple(map(_without_model, exam.written)), exam.started)
        files[f"exams/{exam.id}.jsonl"] = exam_lines(anonymous)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            # With a fixed date, so that the same hand gives the same file.
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    if sum(map(len, files.values())) > MAX_CONTENT_BYTES or buffer.tell() > MAX_ARCHIVE_BYTES:
        raise HandError(_TOO_LARGE)
    return buffer.getvalue()


def archive_name(hand: Hand) -> str:
    """Return a file name for the archive of a hand, such as `hand-anna.zip`."""
    letters = re.sub(r"[^a-z0-9]+", "-", hand.record().name.casefold()).strip("-")
    return f"hand-{letters or hand.id}.zip"


def import_hand(workspace: Workspace, archive: bytes) -> Hand:
    """Create a hand from its archive, with a number after its name if another hand has that name.

    Either everything is imported or nothing. Raises HandError if the archive is damaged, too large, or from a later
    version, or if there are too many hands; also raises StorageError.
    """
    contents = _read(archive)

    def fill(hand: Hand) -> None:
        files = {hand.taught_file: taught_lines(contents.taught), hand.proofs_file: to_lines(contents.judged)}
        files |= {exam_file(hand, exam.id): exam_lines(exam) for exam in contents.exams}
        for path, lines in files.items():
            with atomic_write(path) as temporary:
                temporary.write_bytes(lines)

    with workspace.locked():
        name = free_name(workspace, visible_line(contents.header.name) or tr("Imported hand"))
        return new_hand(workspace, name, contents.header.created, fill)


def _without_model(written: WrittenDigit) -> WrittenDigit:
    return written.model_copy(update={"model": ELSEWHERE})


def _read(archive: bytes) -> _Contents:
    """Return the checked contents of an archive; raises HandError."""
    if len(archive) > MAX_ARCHIVE_BYTES:
        raise HandError(
            Message(
                "This file is too large for a hand. The limit is {megabytes} MB.",
                megabytes=MAX_ARCHIVE_BYTES // 2**20,
            )
        )
    try:
        files = dict(_files(archive))
        header = _Header.model_validate_json(files.pop("hand.json"))
        if header.version > _NEWEST_VERSION:
            raise HandError(
                Message("This hand was exported by a later version of Trazo. Update Trazo, then import it.")
            )
        digits = taught_from_lines(files.pop("taught.jsonl"))
        judged = from_lines(files.pop("proofs.jsonl"), JudgedExam)
        exams = tuple(exam_from_lines(_exam_id(name), lines) for name, lines in files.items())
    except HandError:
        raise
    except Exception as error:  # zipfile, zlib and JSON raise a dozen kinds of error
        raise HandError(_NOT_A_HAND) from error
    if len(digits) > MAX_TAUGHT or len(exams) > MAX_EXAMS:
        raise HandError(
            Message(
                "This file has more than {digits} taught digits or more than {exams} exams. It was not imported.",
                digits=MAX_TAUGHT,
                exams=MAX_EXAMS,
            )
        )
    return _Contents(header, digits, exams, tuple(judged))


def _files(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the names and contents of an archive's files; raises ValueError if there are duplicates or too many."""
    remaining_bytes = MAX_CONTENT_BYTES
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        entries = opened.infolist()
        names = [entry.filename for entry in entries]
        if len(set(names)) < len(names) or len(names) > MAX_EXAMS + 3:
            raise ValueError("Expected each file once.")
        for entry in entries:
            # The other compression methods have no limit on memory.
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"Expected deflated files. Received: method {entry.compress_type}.")
            with opened.open(entry) as file:
                content = file.read(remaining_bytes + 1)
            remaining_bytes -= len(content)
            if remaining_bytes < 0:
                raise HandError(
                    Message(
                        "The files in this archive are larger than {megabytes} MB in total.",
                        megabytes=MAX_CONTENT_BYTES // 2**20,
                    )
                )
            yield entry.filename, content


def _exam_id(name: str) -> str:
    """Return the id of an exam from its name in an archive; raises ValueError if it is not an exam."""
    match = _EXAM_NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"Expected the files of a hand. Received: {name!r}.")
    return match[1]
