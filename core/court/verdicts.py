"""People's verdicts on labels, stored in `verdicts/verdicts.jsonl`: append-only, one record per line."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from core.json_lines import append_records, read_records
from core.records import Count, Record, Timestamp
from core.storage import make_folder
from core.workspace import Workspace

CANNOT_TELL: Literal["cannot tell"] = "cannot tell"
WITHDRAWN: Literal["withdrawn"] = "withdrawn"

Choice = Annotated[int, Field(ge=0, le=9)] | Literal["cannot tell"]
"""A digit, or "cannot tell" if the picture does not clearly show a single digit."""


class Verdict(Record):
    """One person's verdict on one image.

    `fingerprint`: the dataset's fingerprint. `verdict`: a digit, "cannot tell", or "withdrawn", which cancels the
    earlier verdicts on this image. `model`: the model on whose page the verdict was given. `client`: the visitor's
    client, identified as for the rate limits.
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
    """Return the path of the file that holds all verdicts."""
    return workspace.verdicts / "verdicts.jsonl"


def append_verdict(workspace: Workspace, verdict: Verdict) -> None:
    """Append a verdict; raises StorageError."""
    make_folder(workspace.verdicts)
    append_records(verdicts_file(workspace), [verdict])


def read_verdicts(path: Path) -> list[Verdict]:
    """Return all verdicts in the order in which they were given; raises StorageError as `read_records` does."""
    return read_records(path, Verdict)


def choices(verdicts: Iterable[Verdict], fingerprint: str, split: str) -> dict[int, Choice]:
    """Return the last verdict on each image of a split, keyed by image index; withdrawn verdicts are left out."""
    last: dict[int, Choice] = {}
    for verdict in verdicts:
        if (verdict.fingerprint, verdict.split) != (fingerprint, split):
            continue
        if verdict.verdict == WITHDRAWN:
            last.pop(verdict.index, None)
        else:
            last[verdict.index] = verdict.verdict
    return last
