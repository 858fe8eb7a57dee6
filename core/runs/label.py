"""The label of a run: the name and the note that a person gave it. The worker never writes the label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from core.errors import RunError, RunNotFound
from core.language import Message
from core.records import Record
from core.runs.run import Run
from core.storage import atomic_write, read_file
from core.visible_text import drop_invisible, visible_line
from core.workspace import Workspace

MAX_NAME_CHARACTERS = 60
MAX_NOTE_CHARACTERS = 2000
_MAX_FILE_BYTES = 64 * 1024
"""Trazo never writes a larger file."""


class Label(Record, extra="ignore"):
    """A one-line name and a note of any number of lines; each is empty if the run has none."""

    name: str = ""
    note: str = ""


UNNAMED = Label()

_NAME_TOO_LONG = Message("A name can have at most {limit:,} characters. This one has {length:,}; shorten it.")
_NOTE_TOO_LONG = Message("A note can have at most {limit:,} characters. This one has {length:,}; shorten it.")


def label_file(run: Run) -> Path:
    """Return the path of a run's label."""
    return run.folder / "label.json"


def read_label(run: Run) -> Label:
    """Return the run's name and note; both are empty if there is no label or the file cannot be read."""
    try:
        label = Label.model_validate_json(read_file(label_file(run), _MAX_FILE_BYTES))
    except (OSError, ValidationError):
        return UNNAMED
    return Label(
        name=visible_line(label.name)[:MAX_NAME_CHARACTERS], note=_clean_lines(label.note)[:MAX_NOTE_CHARACTERS]
    )


def display_name(run: Run) -> str:
    """Return the name that a person gave the run, or else its title."""
    return read_label(run).name or run.title


def disambiguate(names: Mapping[str, str]) -> dict[str, str]:
    """Return the display names by run id; if two runs share a name, their ids are appended."""
    counts = Counter(name.casefold() for name in names.values())
    return {run_id: name if counts[name.casefold()] == 1 else _with_id(run_id, name) for run_id, name in names.items()}


def _with_id(run_id: str, name: str) -> str:
    """Return the name followed by the id, or the id alone if it contains the name."""
    return run_id if Run(Path(run_id)).title == name else f"{name} ({run_id})"


def write_label(workspace: Workspace, run: Run, name: str, note: str) -> Label:
    """Write a run's name and note without invisible characters, and return them as written.

    Raises RunError if the name or note is too long, RunNotFound if the run was deleted, StorageError if the file cannot
    be written.
    """
    label = Label(name=visible_line(name), note=_clean_lines(note))
    for template, text, limit in (
        (_NAME_TOO_LONG, label.name, MAX_NAME_CHARACTERS),
        (_NOTE_TOO_LONG, label.note, MAX_NOTE_CHARACTERS),
    ):
        if len(text) > limit:
            raise RunError(Message(template, limit=limit, length=len(text)), run.id)
    # The lock keeps a run that is being deleted from reappearing as a folder with only a label.
    with workspace.locked():
        if not run.folder.exists():
            raise RunNotFound(run.id)
        with atomic_write(label_file(run)) as temporary:
            temporary.write_text(label.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return label


def _clean_lines(text: str) -> str:
    return "\n".join(drop_invisible(line.replace("\t", " ")).rstrip() for line in text.splitlines()).strip()
