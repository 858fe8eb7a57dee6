"""A map is computed by a single process, outside the dashboard and after training."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from core.classifier.bundle import Bundle, copy_bundle
from core.errors import RunError, StorageError
from core.launcher.background import MAX_PROCESSES
from core.launcher.map_process import is_computing, start_map
from core.runs.fine_tuning import FineTuning
from core.runs.registry import create_run
from core.training import worker
from core.workspace import SHIPPED_BUNDLE, Workspace
from tests.support.tiny_training import tiny_config
from tests.support.waiting import wait_until

SHIPPED = Bundle(SHIPPED_BUNDLE)


@pytest.fixture
def starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Replace Python with a program that runs until it is killed; the returned file lists its process ids."""
    python, file = tmp_path / "python", tmp_path / "starts"
    python.write_text(f'#!/bin/sh\necho "$$" >>{file}\nexec sleep 600\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    return file


def test_a_map_is_computed_by_one_process(workspace: Workspace, starts: Path) -> None:
    assert not is_computing(workspace, SHIPPED, "digits")

    start_map(workspace, SHIPPED, "digits")
    start_map(workspace, SHIPPED, "digits")

    assert is_computing(workspace, SHIPPED, "digits")
    assert not is_computing(workspace, SHIPPED, "mnist")
    wait_until(starts.exists, what="the process")
    (process,) = starts.read_text().split()
    os.kill(int(process), signal.SIGKILL)
    wait_until(lambda: not is_computing(workspace, SHIPPED, "digits"), what="the end of the process")


def test_at_most_two_processes_compute_at_a_time(workspace: Workspace, starts: Path, tmp_path: Path) -> None:
    bundles = [copy_bundle(SHIPPED, tmp_path / name) for name in ("first", "second", "third")]
    for number, bundle in enumerate(bundles):
        bundle.tflite_file.write_bytes(bytes([number]))
        if number < MAX_PROCESSES:
            start_map(workspace, bundle, "digits")

    with pytest.raises(RunError, match="Try again in a minute"):
        start_map(workspace, bundles[-1], "digits")

    wait_until(lambda: starts.exists() and len(starts.read_text().split()) == MAX_PROCESSES, what="the processes")
    for process in starts.read_text().split():
        os.kill(int(process), signal.SIGKILL)


def test_failure_to_start_a_process_is_explained(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")

    with pytest.raises(RunError, match="could not be started"):
        start_map(workspace, SHIPPED, "digits")

    assert not is_computing(workspace, SHIPPED, "digits")


def test_a_file_in_place_of_the_cache_is_reported(workspace: Workspace) -> None:
    workspace.root.mkdir()
    workspace.cache.touch()

    with pytest.raises(StorageError, match="file where a folder should be"):
        start_map(workspace, SHIPPED, "digits")


@pytest.mark.parametrize(
    ("state", "dataset_id", "fine_tuning", "maps"),
    [
        ("finished", "mnist", None, 1),
        ("stopped", "mnist", None, 0),
        ("finished", "digits", None, 0),
        ("finished", "mnist", FineTuning(hand="a", base="shipped", digits=50), 0),
    ],
)
def test_a_finished_run_gets_a_map_after_its_status_is_final(
    state: str,
    dataset_id: str,
    fine_tuning: FineTuning | None,
    maps: int,
    workspace: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = create_run(workspace, tiny_config(dataset=dataset_id), fine_tuning=fine_tuning)
    copy_bundle(SHIPPED, run.bundle.folder)
    states: list[str] = []
    monkeypatch.setattr(worker, "_OOM_SCORE_FILE", tmp_path / "score")
    monkeypatch.setattr(worker, "_train", lambda *_: {"state": state, "message": ""})
    monkeypatch.setattr(worker, "start_map", lambda *_: states.append(run.status().state))

    with run.lock_file.open("ab") as lock:
        worker.main(run.folder, os.dup(lock.fileno()))

    assert states == ["finished"] * maps
