"""Small JSON files with one record each, which only some runs have in their folders."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from core.errors import RunError
from core.language import Message
from core.records import Record
from core.storage import atomic_write, read_file

_MAX_FILE_BYTES = 4096
_Record = TypeVar("_Record", bound=Record)


def write_record(path: Path, record: Record) -> None:
    """Write a record; raises StorageError."""
    with atomic_write(path) as temporary:
        temporary.write_text(record.model_dump_json() + "\n")


def read_record(path: Path, record: type[_Record]) -> _Record | None:
    """Return the record, or None if the run has none; raises RunError if it is damaged."""
    try:
        return record.model_validate_json(read_file(path, _MAX_FILE_BYTES))
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        run_id = path.parent.name
        raise RunError(
            Message("The file {file} of run {run} is damaged. Delete the run.", file=path.name, run=run_id), run_id
        ) from error
