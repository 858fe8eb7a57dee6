"""The process that finds near duplicates; tests/dashboard/views/test_near_duplicates.py starts a real one."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from core.data.datasets import Dataset, Split
from core.launcher.duplicates_process import has_failed, is_searching, start_search
from core.workspace import Workspace
from tests.support.waiting import wait_until

EMPTY = Split(np.empty((0, 28, 28), np.uint8), np.empty(0, np.uint8))
DATA = Dataset("digits", "no images", "nowhere", "0" * 64, EMPTY, EMPTY, EMPTY)


def fake_python(command: str, folder: Path) -> str:
    """Return the path of a program that runs a shell command instead of Python."""
    program = folder / "python"
    program.write_text(f"#!/bin/sh\n{command}\n")
    program.chmod(0o755)
    return str(program)


def test_a_failed_search_is_detected(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not has_failed(workspace, DATA)
    monkeypatch.setattr(sys, "executable", fake_python("echo no memory; exit 1", tmp_path))

    start_search(workspace, DATA)
    wait_until(lambda: not is_searching(workspace, DATA))

    assert has_failed(workspace, DATA)
    (log,) = workspace.cache.glob("*.log")
    assert log.read_text() == "no memory\n"


def test_a_second_search_does_not_start(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "pipe"
    monkeypatch.setattr(sys, "executable", fake_python(f"echo started; mkfifo {pipe}; read line < {pipe}", tmp_path))
    start_search(workspace, DATA)
    wait_until(pipe.exists)

    start_search(workspace, DATA)

    assert is_searching(workspace, DATA)
    pipe.write_text("end\n")
    wait_until(lambda: not is_searching(workspace, DATA))
    (log,) = workspace.cache.glob("*.log")
    assert log.read_text() == "started\n"
