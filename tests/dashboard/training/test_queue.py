"""With no page open: the queue goes on, and who ends the dashboard is told what becomes of its training."""

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
from tests.conftest import tiny_config
from tests.support.dashboard_process import DashboardProcess
from tests.support.runs_page import opened, texts
from tests.support.waiting import wait_until
from tests.support.workers import kill_worker


@pytest.fixture
def dashboard(tmp_path: Path, workspace: Workspace) -> Iterator[DashboardProcess]:
    """A dashboard that nobody opens a page of, with the test's workspace."""
    dashboard = DashboardProcess(tmp_path)
    assert dashboard.workspace == workspace.root
    yield dashboard
    dashboard.stop()


@pytest.fixture
def at_work(dashboard: DashboardProcess, idle_workers: None, workspace: Workspace) -> Run:
    """A run with a worker, which this process started, not the dashboard."""
    return submit(workspace, tiny_config())


def test_the_next_training_starts_after_a_kill_and_the_dashboard_says_what_goes_on_without_it(
    dashboard: DashboardProcess, at_work: Run, workspace: Workspace
) -> None:
    waiting = create_run(workspace, tiny_config(epochs=200, patience=0))
    (workspace.runs / ".deleted-20260101-000000-old-owl-1").mkdir()

    kill_worker(at_work)

    wait_until(lambda: waiting.status().state == "running", 30, "the start of the next training")
    assert json.loads(at_work.status_file.read_text())["state"] == "interrupted"
    assert sorted(path.name for path in workspace.runs.iterdir()) == sorted((at_work.id, waiting.id))
    dashboard.process.send_signal(signal.SIGTERM)
    dashboard.process.wait(30)
    assert f"Run {waiting.title} continues without the dashboard" in dashboard.output()
    assert waiting.status().state == "running"


@pytest.mark.usefixtures("idle_workers")
def test_what_keeps_the_queue_from_going_on_is_said_once_and_it_goes_on_afterwards(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks = count_looks(monkeypatch)
    run = create_run(workspace, tiny_config())
    run.lock_file.mkdir()

    async def look() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch_queue, workspace)
            await anyio.to_thread.run_sync(partial(wait_until, lambda: len(looks) > 4))
            assert run.status().state == "queued"
            run.lock_file.rmdir()
            await anyio.to_thread.run_sync(partial(wait_until, lambda: run.status().state == "running"))
            tasks.cancel_scope.cancel()

    with caplog.at_level(logging.WARNING):
        anyio.run(look)

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "worker.lock" in caplog.text


@pytest.mark.usefixtures("idle_workers")
def test_pages_say_why_the_queue_does_not_go_on(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = count_looks(monkeypatch)
    run = create_run(workspace, tiny_config())
    run.lock_file.mkdir()

    async def look() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch_queue, workspace)
            await anyio.to_thread.run_sync(partial(wait_until, lambda: len(looks) > 2))
            tasks.cancel_scope.cancel()

    anyio.run(look)

    assert "worker.lock" in texts(opened())


@pytest.mark.usefixtures("idle_workers")
def test_the_queue_goes_on_past_a_run_that_broke_off_and_cannot_be_written(
    workspace: Workspace,
    turned_read_only: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    looks = count_looks(monkeypatch)
    broken_off, waiting = create_run(workspace, tiny_config()), create_run(workspace, tiny_config())
    broken_off.write_status(Status(state="running", phase="training", epochs=3, steps=10))
    turned_read_only(broken_off.folder)

    async def look() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch_queue, workspace)
            await anyio.to_thread.run_sync(partial(wait_until, lambda: waiting.status().state == "running"))
            seen = len(looks)
            await anyio.to_thread.run_sync(partial(wait_until, lambda: len(looks) > seen + 4))
            tasks.cancel_scope.cancel()

    with caplog.at_level(logging.WARNING):
        anyio.run(look)

    (record,) = caplog.records
    assert f"{broken_off.id}/status.json could not be written" in record.getMessage()


def count_looks(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Let the queue be looked at without pause; the list grows with each look."""
    looks: list[None] = []
    look = queue._look

    def counted(workspace: Workspace, first: bool) -> str | None:
        looks.append(None)
        return look(workspace, first)

    monkeypatch.setattr(queue, "_look", counted)
    monkeypatch.setattr(queue, "LOOK_SECONDS", 0.01)
    return looks


def test_where_nothing_may_change_nobody_looks(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = count_looks(monkeypatch)
    monkeypatch.setenv("TRAZO_READONLY", "1")

    anyio.run(watch_queue, workspace)

    assert looks == []
