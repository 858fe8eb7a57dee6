"""The worker that waits while the Train page is open, in Streamlit's AppTest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from core.launcher import prepared_worker
from core.launcher.prepared_worker import end_prepared_worker
from core.launcher.queue import submit
from core.workspace import PROJECT, Workspace
from tests.support.prepared_workers import waiting_worker, waiting_workers
from tests.support.tiny_training import tiny_config
from tests.support.workers import end_all


@pytest.fixture(autouse=True)
def _workers_are_prepared(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> Iterator[None]:
    monkeypatch.setenv("TRAZO_PREPARED_WORKER", "1")
    monkeypatch.setattr(prepared_worker, "available_memory", lambda: 64 * 2**30)
    yield
    end_prepared_worker()
    end_all(workspace)


def open_train_page() -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    return page.switch_page("views/train.py").run()


def test_a_worker_waits_while_the_page_is_open(workspace: Workspace) -> None:
    page = open_train_page()

    assert not page.exception
    assert waiting_worker(workspace).is_running()


def test_no_worker_waits_while_a_run_is_being_trained(workspace: Workspace) -> None:
    submit(workspace, tiny_config(epochs=200))

    open_train_page()

    assert waiting_workers(workspace) == []


def test_no_worker_waits_for_visitors_who_may_not_train(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_READONLY", "1")

    open_train_page()

    assert waiting_workers(workspace) == []
