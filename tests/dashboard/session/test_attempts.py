"""Each action is logged with its runs and its outcome."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core.classifier.bundle import Bundle, copy_bundle
from core.launcher.queue import submit
from core.runs.active import promote
from core.runs.registry import create_run, list_runs
from core.runs.run import Run
from core.runs.status import Status
from core.workspace import PROJECT, SHIPPED_BUNDLE, Workspace
from tests.support.runs_page import open_runs_page
from tests.support.tiny_training import tiny_config

pytestmark = pytest.mark.usefixtures("idle_workers", "without_mnist")

Press = Callable[[AppTest], object]


@pytest.fixture
def events(caplog: pytest.LogCaptureFixture) -> Callable[[], list[tuple[str, str, list[str]]]]:
    """Return a function that lists the logged events as (event, action, runs)."""
    caplog.set_level(logging.INFO)

    def logged_actions() -> list[tuple[str, str, list[str]]]:
        return [
            (record.getMessage(), record.action, record.runs) for record in caplog.records if hasattr(record, "action")
        ]

    return logged_actions


@pytest.fixture
def runs(workspace: Workspace) -> list[Run]:
    """Two stopped runs with a model, newest first."""
    runs = [create_run(workspace, tiny_config(seed=seed)) for seed in (1, 2)]
    for run in runs:
        copy_bundle(Bundle(SHIPPED_BUNDLE), run.bundle.folder)
        run.checkpoint_file.touch()
        run.write_status(Status(state="stopped"))
    return runs[::-1]


def open_view(view: str, **query: str) -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    for name, value in query.items():
        page.query_params[name] = value
    return page.switch_page(f"views/{view}.py").run()


def test_deletion_of_several_runs_logs_each(runs: list[Run], events: Callable) -> None:
    page = open_runs_page(*runs)
    page.button(key="delete").click().run()

    page.button(key="confirm_delete").click().run()

    assert events() == [("changed", "delete", [run.id]) for run in runs]


def test_deletion_on_a_runs_own_page_logs_the_run(runs: list[Run], events: Callable) -> None:
    page = open_view("run", id=runs[0].id)
    page.button(key="delete").click().run()

    page.button(key="confirm_delete").click().run()

    assert events() == [("changed", "delete", [runs[0].id])]


def test_failed_deletion_logs_the_run(runs: list[Run], events: Callable, workspace: Workspace) -> None:
    page = open_runs_page(runs[0])
    page.button(key="delete").click().run()
    runs[0].folder.rename(workspace.root / "away")

    page.button(key="confirm_delete").click().run()

    assert events() == [("not changed", "delete", [runs[0].id])]


@pytest.mark.parametrize(("key", "action"), [("promote", "promote"), ("resume", "resume")])
def test_other_actions_on_the_list_log_the_run(runs: list[Run], events: Callable, key: str, action: str) -> None:
    open_runs_page(runs[0]).button(key=key).click().run()

    assert events() == [("changed", action, [runs[0].id])]


def test_return_to_the_shipped_model_is_logged(runs: list[Run], events: Callable, workspace: Workspace) -> None:
    promote(workspace, runs[0])

    open_runs_page(runs[0]).button(key="back_to_shipped").click().run()

    assert events() == [("changed", "promote", ["shipped"])]


def test_actions_on_the_train_page_log_the_run(events: Callable, workspace: Workspace) -> None:
    page = open_view("train")
    page.button(key="train").click().run()
    running = list_runs(workspace)[0]
    waiting = submit(workspace, tiny_config())
    page.run()

    page.button(key=f"remove_{waiting.id}").click().run()
    page.button(key="stop").click().run()

    assert events() == [
        ("changed", "submit", [running.id]),
        ("changed", "remove_from_queue", [waiting.id]),
        ("changed", "request_stop", [running.id]),
    ]


def test_renaming_logs_the_run(runs: list[Run], events: Callable) -> None:
    page = open_view("run", id=runs[0].id)
    next(field for field in page.text_input if field.label == "Name").set_value("Wide one")

    next(button for button in page.button if button.label == "Save").click().run()

    assert events() == [("changed", "write_label", [runs[0].id])]
