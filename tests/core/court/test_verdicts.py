"""Verdicts are appended to one file and never lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.court.verdicts import (
    CANNOT_TELL,
    WITHDRAWN,
    Verdict,
    append_verdict,
    choices,
    new_verdict,
    read_verdicts,
    verdicts_file,
)
from core.errors import ReadOnly, StorageError
from core.workspace import Workspace


def verdict(index: int, choice: int | str, fingerprint: str = "f", split: str = "test") -> Verdict:
    return new_verdict(fingerprint, split, index, choice, "shipped", "127.0.0.1")


def test_verdicts_are_read_in_the_order_given(workspace: Workspace) -> None:
    verdicts = [verdict(947, 9), verdict(947, CANNOT_TELL), verdict(3, 0, split="train")]

    for each in verdicts:
        append_verdict(workspace, each)

    assert read_verdicts(verdicts_file(workspace)) == verdicts


@given(st.floats(0, 1, exclude_max=True))
def test_torn_last_line_costs_only_that_verdict(tmp_path_factory: pytest.TempPathFactory, torn_at: float) -> None:
    workspace = Workspace(tmp_path_factory.mktemp("torn"))
    first, torn, last = verdict(1, 4), verdict(2, 5), verdict(3, 6)
    append_verdict(workspace, first)
    path = verdicts_file(workspace)
    line = torn.model_dump_json().encode()

    path.write_bytes(path.read_bytes() + line[: int(len(line) * torn_at)])

    assert read_verdicts(path) == [first]
    append_verdict(workspace, last)
    assert read_verdicts(path) == [first, last]


def test_concurrent_appends_keep_every_verdict(workspace: Workspace) -> None:
    verdicts = [verdict(index, index % 10) for index in range(64)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: append_verdict(workspace, each), verdicts))

    assert sorted(read_verdicts(verdicts_file(workspace)), key=lambda each: each.index) == verdicts


def test_lines_that_are_not_verdicts_are_skipped(workspace: Workspace) -> None:
    append_verdict(workspace, verdict(1, 4))
    path = verdicts_file(workspace)
    valid = path.read_text()

    path.write_bytes(bytes(range(256)) + b'\n{"verdict": 12}\n[]\n' + valid.encode())

    assert read_verdicts(path) == [Verdict.model_validate_json(valid)]


def test_last_verdict_counts_unless_withdrawn() -> None:
    verdicts = [verdict(1, 4), verdict(2, 5), verdict(1, 6), verdict(2, WITHDRAWN), verdict(3, CANNOT_TELL)]
    others = [verdict(1, 0, fingerprint="g"), verdict(1, 0, split="train")]

    assert choices([*verdicts, *others], "f", "test") == {1: 6, 3: CANNOT_TELL}


def test_read_only_workspace_stores_no_verdict(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_READONLY", "1")

    with pytest.raises(ReadOnly):
        append_verdict(workspace, verdict(1, 4))

    assert not workspace.root.exists()


def test_folder_in_place_of_the_file_is_reported(workspace: Workspace) -> None:
    path = Path(verdicts_file(workspace))
    path.mkdir(parents=True)

    with pytest.raises(StorageError):
        append_verdict(workspace, verdict(1, 4))
    with pytest.raises(StorageError, match="cannot be read"):
        read_verdicts(path)
