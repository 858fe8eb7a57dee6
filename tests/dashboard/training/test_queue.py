"""The training queue advances without an open page; a stopped dashboard prints the runs that continue without it."""

from __future__ import annotations

import json
import logging
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import anyio
import pytest

from core.launcher.queue import submit
from core.runs.registry import create_run
from core.runs.run import Run
from core.runs.status import Status
from core.workspace import Workspace
from dashboard.training import queue
from dashboard.training.queue import watch_queue
from tests.support.dashboard_process import DashboardProcess
from tests.support.runs_page import open_runs_page, page_text
from tests.support.tiny_training import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import kill_worker


@pytest.fixture
def dashboard(tmp_path: Path, workspace: Workspace) -> Iterator[DashboardProcess]:
    """A dashboard without open pages, with the test's workspace."""
    dashboard = DashboardProcess(tmp_path)
    assert dashboard.workspace == workspace.root
    yield dashboard
    dashboard.stop()


@pytest.fixture
def running(dashboard: DashboardProcess, idle_workers: None, workspace: Workspace) -> Run:
    """A run whose worker was started by this process, not by the dashboard."""
    return submit(workspace, tiny_config())


def test_next_run_starts_after_a_kill_and_outlives_the_dashboard(
    dashboard: DashboardProcess, running: Run, workspace: Workspace
) -> None:
    waiting = create_run(workspace, tiny_config(epochs=200, patience=0))
    (workspace.runs / ".deleted-20260101-000000-old-owl-1").mkdir()

    kill_worker(running)

    wait_until(lambda: waiting.status().state == "running", what="the start of the next run")
    assert json.loads(running.status_file.read_text())["state"] == "interrupted"
    assert sorted(path.name for path in workspace.runs.iterdir()) == sorted((running.id, waiting.id))
    dashboard.process.send_signal(signal.SIGTERM)
    dashboard.process.wait(30)
    assert f"Run {waiting.title} continues without the dashboard" in dashboard.output()
    assert waiting.status().state == "running"


@pytest.mark.usefixtures("idle_workers")
def test_queue_problem_is_logged_once_and_queue_recovers(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    checks = count_checks(monkeypatch)
    run = create_run(workspace, tiny_config())
    run.lock_file.mkdir()

    async def watch() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch_queue, workspace)
            await anyio.to_thread.run_sync(partial(wait_until, lambda: len(checks) > 4))
            assert run.status().state == "queued"
            run.lock_file.rmdir()
            await anyio.to_thread.run_sync(partial(wait_until, lambda: run.status().state == "running"))
            tasks.cancel_scope.cancel()

    with caplog.at_level(logging.WARNING):
        anyio.run(watch)

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "worker.lock" in caplog.text


@pytest.mark.usefixtures("idle_workers")
def test_pages_explain_why_the_queue_is_stuck(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = count_checks(monkeypatch)
    run = create_run(workspace, tiny_config())
    run.lock_file.mkdir()

    async def watch() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch_queue, workspace)
            await anyio.to_thread.run_sync(partial(wait_until, lambda: len(checks) > 2))
            tasks.cancel_scope.cancel()

    anyio.run(watch)

    assert "worker.lock" in page_text(open_runs_page())


@pytest.mark.usefixtures("idle_workers")
def test_queue_continues_past_an_unwritable_interrupted_run(
    workspace: Workspace,
    make_read_only: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    checks = count_checks(monkeypatch)
    interrupted, waiting = create_run(workspace, tiny_config()), create_run(workspace, tiny_config())
    interrupted.write_status(Status(state="running", phase="training", epochs=3, steps=10))
    make_read_only(interrupted.folder)

    async def watch() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch_queue, workspace)
            await anyio.to_thread.run_sync(partial(wait_until, lambda: waiting.status().state == "running"))
            checked = len(checks)
            await anyio.to_thread.run_sync(partial(wait_until, lambda: len(checks) > checked + 4))
            tasks.cancel_scope.cancel()

    with caplog.at_level(logging.WARNING):
        anyio.run(watch)

    (record,) = caplog.records
    assert f"{interrupted.id}/status.json could not be written" in record.getMessage()


def count_checks(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Check the queue without a pause; return a list to which each check appends an item."""
    checks: list[None] = []
    check_queue = queue._check_queue

    def count_and_check(workspace: Workspace, first: bool) -> str | None:
        checks.append(None)
        return check_queue(workspace, first)

    monkeypatch.setattr(queue, "_check_queue", count_and_check)
    monkeypatch.setattr(queue, "CHECK_SECONDS", 0.01)
    return checks


def test_read_only_dashboard_never_checks_the_queue(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = count_checks(monkeypatch)
    monkeypatch.setenv("TRAZO_READONLY", "1")

    anyio.run(watch_queue, workspace)

    assert checks == []
