"""Append-only files survive killed processes, damaged lines and full disks; only the affected record is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ReadOnly, StorageError
from core.json_lines import append_records, read_records
from core.records import Record
from core.runs.process import is_held
from core.workspace import PROJECT
from tests.support.full_disk import fill_disk

# Writes the first half of a record and is killed, as if the power failed in the middle of a write.
KILLED_WHILE_APPENDING = """
import os, signal, sys
from pathlib import Path
from core import json_lines
from core.records import Record
class Note(Record):
    text: str
def write_half(file, data):
    file.write(data[: len(data) // 2])
    os.kill(os.getpid(), signal.SIGKILL)
json_lines._write_all = write_half
json_lines.append_records(Path(sys.argv[1]), [Note(text="torn")])
"""


class Note(Record):
    text: str


texts = st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=20), max_size=6)


@settings(max_examples=40)
@given(st.lists(texts, max_size=4))
def test_records_are_read_in_the_order_they_were_appended(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("lines") / "notes.jsonl"

    for batch in batches:
        append_records(path, [Note(text=text) for text in batch])

    assert [note.text for note in read_records(path, Note)] == [text for batch in batches for text in batch]


def test_file_is_locked_while_records_are_created(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"

    def notes() -> Iterator[Note]:
        yield Note(text=f"{is_held(path)}, {len(read_records(path, Note))} before")

    append_records(path, notes())
    append_records(path, notes())

    assert [note.text for note in read_records(path, Note)] == ["True, 0 before", "True, 1 before"]
    assert not is_held(path)


@settings(max_examples=40)
@given(st.binary(max_size=40), st.integers(0, 3))
def test_only_the_damaged_line_is_lost(tmp_path_factory: pytest.TempPathFactory, damage: bytes, line: int) -> None:
    path = tmp_path_factory.mktemp("lines") / "notes.jsonl"
    append_records(path, [Note(text=str(index)) for index in range(4)])
    lines = path.read_bytes().splitlines()
    lines[line] = damage

    path.write_bytes(b"\n".join(lines))
    append_records(path, [Note(text="4")])

    texts_read = [note.text for note in read_records(path, Note)]
    assert texts_read == [str(index) for index in range(5) if index != line]


def test_process_killed_while_appending_loses_only_its_record(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    append_records(path, [Note(text="before")])

    process = subprocess.run([sys.executable, "-c", KILLED_WHILE_APPENDING, path], cwd=PROJECT, check=False)

    assert process.returncode == -signal.SIGKILL
    assert not path.read_bytes().endswith(b"\n")
    assert read_records(path, Note) == [Note(text="before")]
    append_records(path, [Note(text="after")])
    assert read_records(path, Note) == [Note(text="before"), Note(text="after")]


@pytest.mark.parametrize("free_bytes", [0, 3000])
def test_record_that_only_partly_fits_on_the_disk_is_an_error(small_disk: Path, free_bytes: int) -> None:
    path = small_disk / "notes.jsonl"
    # The file's last page has this many free bytes, which can be written without an error even if the disk is full.
    append_records(path, [Note(text="x" * (4096 - free_bytes - len('{"text":""}\n')))])
    before = read_records(path, Note)
    fill_disk(small_disk / "filler")

    with pytest.raises(StorageError, match="disk is full"):
        append_records(path, [Note(text="y" * 8000)])

    assert read_records(path, Note) == before
    (small_disk / "filler").unlink()
    append_records(path, [Note(text="after")])
    assert read_records(path, Note) == [*before, Note(text="after")]


def test_error_names_the_file_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "notes.jsonl"
    assert read_records(path, Note) == []
    path.mkdir()

    with pytest.raises(StorageError, match=r"notes\.jsonl cannot be read"):
        read_records(path, Note)
    with pytest.raises(StorageError, match="could not be written"):
        append_records(path, [Note(text="a")])
    monkeypatch.setenv("TRAZO_READONLY", "1")
    with pytest.raises(ReadOnly):
        append_records(tmp_path / "other.jsonl", [Note(text="a")])
    assert list(tmp_path.iterdir()) == [path]
