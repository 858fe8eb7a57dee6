"""The number of runs that are trained at once on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.environment import thread_count
from core.launcher import room
from core.launcher.control import request_stop_all
from core.launcher.overview import exit_message, overview
from core.launcher.queue import advance, submit
from core.runs.registry import create_run
from core.runs.run import Run
from core.workspace import Workspace
from tests.support.tiny_training import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import kill_worker


@pytest.fixture(autouse=True)
def two_workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let two runs train at once, with enough memory."""
    monkeypatch.setenv("TRAZO_WORKERS", "2")
    monkeypatch.setattr(room, "available_memory", lambda: 64 * 2**30)
    return


def states(*runs: Run) -> list[str]:
    return [run.status().state for run in runs]


@pytest.mark.usefixtures("idle_workers")
def test_as_many_runs_start_as_there_are_workers(workspace: Workspace) -> None:
    first, second, third, fourth = (submit(workspace, tiny_config()) for _ in range(4))

    assert states(first, second, third, fourth) == ["running", "running", "queued", "queued"]
    assert overview(workspace).waiting == (third, fourth)
    assert exit_message(workspace) == (
        f"Runs {second.title}, {first.title} continue without the dashboard, with 2 more in the queue. "
        "Stop training with: python -m core runs stop"
    )
    kill_worker(first)
    assert advance(workspace) == third
    assert states(second, third, fourth) == ["running", "running", "queued"]
    assert set(request_stop_all(workspace)) == {second, third, fourth}


@pytest.mark.usefixtures("idle_workers")
def test_all_free_workers_are_used_at_once(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [create_run(workspace, tiny_config()) for _ in range(3)]

    assert advance(workspace) == runs[0]

    assert states(*runs) == ["running", "running", "queued"]
    assert advance(workspace) is None


@pytest.mark.usefixtures("idle_workers")
def test_student_waits_even_if_a_worker_is_free(workspace: Workspace) -> None:
    student = submit(workspace, tiny_config(teachers=1))

    teacher, *others = [run for run in overview_runs(workspace) if run != student]

    assert others == []
    assert states(teacher, student) == ["running", "queued"]
    assert advance(workspace) is None


@pytest.mark.usefixtures("idle_workers")
def test_another_run_waits_while_memory_is_short(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    # Enough for one more run, but the first one has not allocated its memory yet.
    monkeypatch.setattr(room, "available_memory", lambda: int(2.5 * 2**30))
    first, second = submit(workspace, tiny_config()), submit(workspace, tiny_config())
    assert states(first, second) == ["running", "queued"]

    first.write_status(first.status().model_copy(update={"phase": "training"}))

    assert advance(workspace) == second


@pytest.mark.parametrize(("workers", "threads"), [("1", ""), ("2", "share"), ("1000", "1")])
def test_worker_is_told_its_share_of_the_cores(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: str, threads: str
) -> None:
    python, file = tmp_path / "python", tmp_path / "environment"
    python.write_text(f"#!/bin/sh\nenv > {file}.part && mv {file}.part {file}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        monkeypatch.delenv(name, raising=False)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    assert thread_count() == cores
    monkeypatch.setenv("TRAZO_WORKERS", workers)

    submit(workspace, tiny_config())

    wait_until(file.exists, what="the start of the worker")
    variables = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    expected = {"share": str(max(1, cores // 2))}.get(threads, threads)
    assert [variables.get(name, "") for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")] == [expected] * 2


def overview_runs(workspace: Workspace) -> list[Run]:
    """Return the latest run and the waiting ones."""
    queue_state = overview(workspace)
    return [run for run in (queue_state.latest, *queue_state.waiting) if run]
