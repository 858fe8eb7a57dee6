"""Label of a run: the name and the note that a person gave it, in a file that the worker never writes."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from core.errors import RunError, RunNotFound
from core.records import Record
from core.runs.run import Run
from core.storage import atomic_write, read_file
from core.workspace import Workspace

NAME_LENGTH = 60
NOTE_LENGTH = 2000
_LARGEST_FILE = 64 * 1024
"""Bytes; a larger file was not written by us."""


class Label(Record, extra="ignore"):
    """A name in one line, empty if the run has none, and a note of any number of lines."""

    name: str = ""
    note: str = ""


UNNAMED = Label()


def label_file(run: Run) -> Path:
    """Return the path of a run's label."""
    return run.folder / "label.json"


def read_label(run: Run) -> Label:
    """Return the run's name and note, both empty if there are none or the file cannot be read."""
    try:
        label = Label.model_validate_json(read_file(label_file(run), _LARGEST_FILE))
    except (OSError, ValidationError):
        return UNNAMED
    return Label(name=_line(label.name)[:NAME_LENGTH], note=_lines(label.note)[:NOTE_LENGTH])


def name_of(run: Run) -> str:
    """Return the name that a person gave the run, else its title."""
    return read_label(run).name or run.title


def told_apart(names: Mapping[str, str]) -> dict[str, str]:
    """Return the names by the runs' ids, with the whole id added if two runs share a name."""
    shared = Counter(name.casefold() for name in names.values())
    return {run_id: name if shared[name.casefold()] == 1 else _with_id(run_id, name) for run_id, name in names.items()}


def _with_id(run_id: str, name: str) -> str:
    return run_id if Run(Path(run_id)).title == name else f"{name} ({run_id})"


def write_label(workspace: Workspace, run: Run, name: str, note: str) -> Label:
    """Write a run's name and note; return them as they were written, without invisible characters.

    Raises RunError if one is too long, RunNotFound if the run is gone, StorageError if nothing can be written.
    """
    label = Label(name=_line(name), note=_lines(note))
    for what, text, longest in (("name", label.name, NAME_LENGTH), ("note", label.note, NOTE_LENGTH)):
        if len(text) > longest:
            message = f"A {what} has at most {longest:,} characters. This one has {len(text):,}; shorten it."
            raise RunError(message, run.id)
    # Under the lock: a run that is being deleted must not come back as a folder with only a label.
    with workspace.locked():
        if not run.folder.exists():
            raise RunNotFound(run.id)
        with atomic_write(label_file(run)) as temporary:
            temporary.write_text(label.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return label


def _line(text: str) -> str:
    return " ".join(filter(None, map(_visible, text.split())))


def _lines(text: str) -> str:
    return "\n".join(_visible(line.replace("\t", " ")).rstrip() for line in text.splitlines()).strip()


def _visible(text: str) -> str:
    """Drop control characters, marks that change the direction of writing, and halves of surrogate pairs."""
    return "".join(character for character in text if unicodedata.category(character) not in ("Cc", "Cf", "Cs"))
