"""The worker that loads TensorFlow, then waits for a run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.launcher import memory, prepared_worker
from core.launcher.memory import available_memory
from core.launcher.prepared_worker import end_prepared_worker, hand_over, prepare_worker
from core.launcher.queue import submit
from core.workspace import PROJECT, Workspace
from tests.support.prepared_workers import waiting_worker, waiting_workers
from tests.support.tiny_training import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import end_all, kill_worker, wait_for, wait_for_end

ENOUGH_BYTES = 64 * 2**30

KILLED_DASHBOARD = """
import os, signal
from core.launcher.prepared_worker import prepare_worker
from core.workspace import Workspace
prepare_worker(Workspace.from_environment())
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def _allow_prepared_workers(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> Iterator[None]:
    monkeypatch.setenv("TRAZO_PREPARED_WORKER", "1")
    monkeypatch.setattr(prepared_worker, "available_memory", lambda: ENOUGH_BYTES)
    yield
    end_prepared_worker()
    end_all(workspace)


def test_the_waiting_worker_trains_the_next_run(workspace: Workspace) -> None:
    prepare_worker(workspace)
    waiting = waiting_worker(workspace)

    run = submit(workspace, tiny_config())
    process = run.process()

    assert process is not None
    assert process.pid == waiting.pid
    wait_for_end(run)
    assert run.status().state == "finished"
    assert run.log_tail().startswith(f"run {run.id}")


def test_a_second_call_keeps_the_waiting_worker(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_WORKERS", "1000")
    prepare_worker(workspace)
    first = waiting_worker(workspace)
    prepare_worker(workspace)

    assert waiting_worker(workspace) == first
    assert first.environ()["TF_NUM_INTRAOP_THREADS"] == "1"  # its share of the cores


def test_no_worker_waits_for_a_run_on_a_cluster(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_RAY", "auto")

    prepare_worker(workspace)

    assert waiting_workers(workspace) == []


def test_a_run_starts_even_if_the_waiting_worker_was_killed(workspace: Workspace) -> None:
    prepare_worker(workspace)
    waiting = waiting_worker(workspace)
    waiting.kill()
    wait_until(lambda: not waiting.is_running() or waiting.status() == psutil.STATUS_ZOMBIE, what="the worker's end")

    run = submit(workspace, tiny_config())
    process = run.process()

    assert process is not None
    assert process.pid != waiting.pid
    wait_for(run, run.log_tail, "its first output")


def test_a_run_whose_worker_is_killed_early_is_interrupted(workspace: Workspace) -> None:
    prepare_worker(workspace)
    waiting = waiting_worker(workspace)
    waiting.suspend()  # it never reads the message that names the run
    run = submit(workspace, tiny_config())
    assert run.alive

    kill_worker(run)

    assert run.status().state == "interrupted"


def test_a_run_of_another_workspace_is_not_handed_over(workspace: Workspace, tmp_path: Path) -> None:
    prepare_worker(workspace)
    waiting = waiting_worker(workspace)

    assert hand_over(Workspace(tmp_path / "other"), tmp_path, 1, 2) is None

    wait_until(lambda: not waiting.is_running() or waiting.status() == psutil.STATUS_ZOMBIE, what="the worker's end")


def test_the_worker_ends_if_the_dashboard_is_killed(workspace: Workspace) -> None:
    command = [sys.executable, "-c", KILLED_DASHBOARD]
    result = subprocess.run(command, cwd=PROJECT, env=dict(os.environ), check=False, timeout=300)
    assert result.returncode == -signal.SIGKILL

    wait_until(lambda: not waiting_workers(workspace), what="the worker's end")


def test_the_worker_ends_after_being_idle(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared_worker, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(prepared_worker, "_CHECK_SECONDS", 0.01)
    prepare_worker(workspace)

    wait_until(lambda: not waiting_workers(workspace), what="the worker's end")


def test_the_worker_ends_when_memory_runs_low(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared_worker, "_CHECK_SECONDS", 0.01)
    prepare_worker(workspace)
    assert waiting_worker(workspace)
    monkeypatch.setattr(prepared_worker, "available_memory", lambda: prepared_worker.MIN_REMAINING_BYTES - 1)

    wait_until(lambda: not waiting_workers(workspace), what="the worker's end")


def test_the_workers_own_memory_does_not_end_it(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared_worker, "_CHECK_SECONDS", 0.01)
    checks: list[int] = []

    def available() -> int:
        checks.append(1)
        return prepared_worker.MIN_AVAILABLE_BYTES - (0 if len(checks) == 1 else 2**29)

    monkeypatch.setattr(prepared_worker, "available_memory", available)
    prepare_worker(workspace)

    wait_until(lambda: len(checks) > 5, what="a few checks")
    assert waiting_worker(workspace).is_running()


def test_no_worker_waits_if_memory_is_short(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared_worker, "available_memory", lambda: prepared_worker.MIN_AVAILABLE_BYTES - 1)

    prepare_worker(workspace)

    assert waiting_workers(workspace) == []


@pytest.mark.parametrize(("variable", "value"), [("TRAZO_PREPARED_WORKER", "0"), ("TRAZO_READONLY", "1")])
def test_the_environment_can_forbid_a_waiting_worker(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    prepare_worker(workspace)

    assert waiting_workers(workspace) == []


def test_the_memory_limit_of_a_container_applies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in {
        "memory.max": "1000000\n",
        "memory.current": "700000\n",
        "memory.stat": "anon 500000\ninactive_file 100000\n",
    }.items():
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(memory, "cgroups", lambda _: [tmp_path])

    assert available_memory() == 400_000


def test_a_container_without_a_limit_has_the_hosts_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory.max").write_text("max\n")
    monkeypatch.setattr(memory, "cgroups", lambda _: [tmp_path])

    assert 0 < available_memory() <= psutil.virtual_memory().total
