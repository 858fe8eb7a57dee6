"""People's verdicts on labels, kept beside the data: `verdicts/verdicts.jsonl`, one JSON record a line, append-only."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from core.errors import StorageError
from core.records import Count, Record, Timestamp
from core.storage import make_folder, open_file, read_file, storage_errors
from core.workspace import Workspace

CANNOT_TELL: Literal["cannot tell"] = "cannot tell"
WITHDRAWN: Literal["withdrawn"] = "withdrawn"

Choice = Annotated[int, Field(ge=0, le=9)] | Literal["cannot tell"]
"""A digit, or that the picture shows no single digit clearly."""


class Verdict(Record):
    """One person's verdict on one image.

    `fingerprint`: that of the dataset. `verdict`: a digit, "cannot tell", or "withdrawn", which cancels the earlier
    verdicts on this image. `model`: the model whose page it was given on. `client`: where the visitor came from, as in
    the rate limits.
    """

    fingerprint: str
    split: Literal["train", "validation", "test"]
    index: Count
    verdict: Choice | Literal["withdrawn"]
    model: str
    time: Timestamp
    client: str


def new_verdict(
    fingerprint: str, split: str, index: int, verdict: Choice | Literal["withdrawn"], model: str, client: str
) -> Verdict:
    """Return a verdict with the current time."""
    return Verdict.model_validate(
        {
            "fingerprint": fingerprint,
            "split": split,
            "index": index,
            "verdict": verdict,
            "model": model,
            "time": time.time(),
            "client": client,
        }
    )


def verdicts_file(workspace: Workspace) -> Path:
    """Return the file of all verdicts."""
    return workspace.verdicts / "verdicts.jsonl"


def append_verdict(workspace: Workspace, verdict: Verdict) -> None:
    """Append a verdict in one write, so that several processes may append; raises StorageError.

    If an earlier write was cut short, the verdict starts on a new line.
    """
    path = verdicts_file(workspace)
    make_folder(path.parent)
    with storage_errors(path), open_file(path, "ab", buffering=0) as file:
        line = verdict.model_dump_json() + "\n"
        file.write((line if _ends_with_newline(path) else "\n" + line).encode())
        os.fsync(file.fileno())


def read_verdicts(path: Path) -> list[Verdict]:
    """Return all verdicts in the order in which they were given; lines that are no verdict are skipped.

    Raises StorageError if the file exists but cannot be read.
    """
    try:
        lines = read_file(path).splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(
            f"The verdicts in {path} cannot be read. Check its permissions, or rename it to start again.", path
        ) from error
    verdicts = []
    for line in lines:
        try:
            verdicts.append(Verdict.model_validate_json(line))
        except ValidationError:  # a torn line, or one of a later version
            continue
    return verdicts


def choices(verdicts: Iterable[Verdict], fingerprint: str, split: str) -> dict[int, Choice]:
    """Return the last verdict on each image of a split, by index, without those that were withdrawn."""
    last: dict[int, Choice] = {}
    for verdict in verdicts:
        if (verdict.fingerprint, verdict.split) != (fingerprint, split):
            continue
        if verdict.verdict == WITHDRAWN:
            last.pop(verdict.index, None)
        else:
            last[verdict.index] = verdict.verdict
    return last


def _ends_with_newline(path: Path) -> bool:
    with open_file(path) as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        last: bytes = file.read(1)
    return last == b"\n"
