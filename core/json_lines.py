"""Append-only files with one JSON record per line."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from pydantic import TypeAdapter, ValidationError

from core.errors import StorageError
from core.language import Message
from core.records import Record
from core.storage import open_file, read_file, storage_errors


def append_records(path: Path, records: Iterable[Record]) -> None:
    """Append records while holding the file's lock, so that several processes may append; its folder must exist.

    `records` is iterated under the lock: a generator may read the file, and if it raises an error, nothing is
    written. If an earlier write was cut short, the records start on a new line. Raises StorageError, or
    FileNotFoundError if there is no such folder.
    """
    with storage_errors(path), open_file(path, "ab", buffering=0) as file:
        # A local file system appends atomically; NFS does not.
        fcntl.flock(file, fcntl.LOCK_EX)
        lines = to_lines(records)
        _write_all(file, lines if _ends_with_newline(path) else b"\n" + lines)
        os.fsync(file.fileno())


def to_lines(records: Iterable[Record]) -> bytes:
    """Return the contents of a file with these records."""
    return "".join(record.model_dump_json() + "\n" for record in records).encode()


def from_lines(lines: bytes, kind: Any) -> list[Any]:
    """Return the records of a file with these contents; raises ValueError if any line is not a record of this kind."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    return [adapter.validate_json(line) for line in lines.splitlines()]


def read_records(path: Path, kind: Any) -> list[Any]:
    """Return all records in the order in which they were appended, skipping invalid lines.

    `kind`: the class of the records, or a union of classes. Raises StorageError if the file exists but cannot be read.
    """
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    try:
        lines = read_file(path).splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(
            Message("The file {path} cannot be read. Check its permissions, or rename it to start again.", path=path),
            path,
        ) from error
    records = []
    for line in lines:
        try:
            records.append(adapter.validate_json(line))
        except ValidationError:  # a torn line, or one from a later version
            continue
    return records


def _write_all(file: IO[bytes], data: bytes) -> None:
    """Write all bytes; a nearly full disk accepts only part of them without raising an error."""
    while data:
        data = data[file.write(data) :]


def _ends_with_newline(path: Path) -> bool:
    with open_file(path) as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        last: bytes = file.read(1)
    return last == b"\n"
