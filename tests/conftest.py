"""What every test can ask for: a workspace of its own, MNIST, real pen strokes."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings

from core.data.datasets import Dataset, load_dataset
from core.errors import DataMissing
from core.workspace import Workspace

IN_CI = bool(os.environ.get("CI"))

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "local")


@dataclass(frozen=True)
class PenDigit:
    """A digit as a person wrote it: strokes of (x, y) points in a 500x500 box, y pointing down."""

    label: int
    writer: int
    strokes: tuple[tuple[tuple[int, int], ...], ...]


def lacking(what: str) -> NoReturn:
    """Skip the test on a person's machine, which may lack things; fail it in CI, which may not."""
    if IN_CI:
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once for each reason how many tests were skipped for it."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for reason, count in reasons.items():
        terminalreporter.write_line(f"SKIPPED [{count}] {reason}")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace, named by TRAZO_WORKSPACE."""
    root = tmp_path / "workspace"
    monkeypatch.setenv("TRAZO_WORKSPACE", str(root))
    return Workspace(root)


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    """The real MNIST, where this machine has it."""
    with suppress(DataMissing):
        return load_dataset("mnist", Workspace.from_environment())
    lacking("MNIST is not on this machine; get it with `.venv/bin/python -m core data download`.")


@pytest.fixture(scope="session")
def strokes() -> tuple[PenDigit, ...]:
    """Digits by real hands, from the file named by TRAZO_STROKES: for measuring, never for training."""
    named = os.environ.get("TRAZO_STROKES")
    if not named or not Path(named).is_file():
        lacking(
            "The file of real pen strokes is not on this machine; name it with TRAZO_STROKES (pen_strokes.jsonl.gz)."
        )
    with gzip.open(named, "rt", encoding="utf-8") as file:
        return tuple(_pen_digit(json.loads(line)) for line in file)


def _pen_digit(line: dict) -> PenDigit:
    strokes = tuple(tuple((x, y) for x, y in stroke) for stroke in line["strokes"])
    return PenDigit(line["label"], line["writer"], strokes)
