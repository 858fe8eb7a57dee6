"""The Runs page, as AppTest sees it; ticking rows is a browser's matter, see tests/e2e/test_runs.py."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.runs.registry import active_model, create_run, list_runs, promote
from core.runs.run import Run, Status
from core.workspace import PROJECT, Workspace
from tests.conftest import tiny_config
from tests.workers import kill_worker


@pytest.fixture
def run(trained: Run, workspace: Workspace) -> Run:
    """A finished run."""
    return copied(trained, workspace, trained.id)


def copied(run: Run, workspace: Workspace, name: str) -> Run:
    return Run(Path(shutil.copytree(run.folder, workspace.runs / name)))


def opened(*ticked: Run) -> AppTest:
    """The page; with these runs ticked, or as it opens by itself."""
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=60).run()
    if ticked:
        page.session_state["selected_runs"] = [run.id for run in ticked]
    return page.switch_page("views/runs.py").run()


def texts(page: AppTest) -> str:
    """Everything that is written on the page."""
    parts = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.subheader]
    return "\n".join(str(part.value) for part in parts)


def test_without_runs_the_page_leads_to_train(workspace: Workspace) -> None:
    page = opened()

    assert not page.exception
    assert "no runs yet" in texts(page)
    assert page.get("page_link")


def test_all_runs_are_listed_newest_first(run: Run, workspace: Workspace) -> None:
    copied(run, workspace, "20200101-120000-old-owl")

    table = opened().dataframe[0].value

    card = run.bundle.card()
    assert table["Run"].tolist() == [run.title, "old-owl"]
    assert states(table) == [["finished"], ["finished"]]
    assert table["Test accuracy"].tolist() == pytest.approx([card.metrics.test_accuracy * 100] * 2)
    assert table["Parameters"].tolist() == [card.parameters] * 2
    assert table["Data"].tolist() == ["digits"] * 2
    assert table["When"].dt.year.tolist()[1] == 2020


def test_newest_run_is_shown_with_its_curves_and_settings(run: Run) -> None:
    page = opened()

    assert len(page.get("vega_lite_chart")) == 2
    settings = page.dataframe[1].value
    assert settings.loc["Epochs", run.title] == "2"
    assert settings.loc["Filters", run.title] == "8, 8"


def test_only_what_differs_is_laid_side_by_side(run: Run, workspace: Workspace) -> None:
    other = copied(run, workspace, "20200101-120000-old-owl")
    other.write_config(tiny_config(epochs=9, filters=(16,)))

    settings = opened(run, other).dataframe[1].value

    assert settings.to_dict() == {
        run.title: {"Epochs": "2", "Filters": "8, 8"},
        "old-owl": {"Epochs": "9", "Filters": "16"},
    }


def test_runs_with_the_same_settings_are_called_so(run: Run, workspace: Workspace) -> None:
    other = copied(run, workspace, "20200101-120000-old-owl")

    assert "same settings" in texts(opened(run, other))


def test_runs_with_the_same_name_are_told_apart(run: Run, workspace: Workspace) -> None:
    other = copied(run, workspace, f"20200101-120000-{run.title}")

    page = opened(run, other)

    assert not page.exception
    assert page.dataframe[0].value["Run"].tolist() == [run.id, other.id]


def test_model_is_promoted_and_given_back(run: Run, workspace: Workspace) -> None:
    page = opened()
    assert "back_to_shipped" not in keys(page)

    page.button(key="promote").click().run()

    assert active_model(workspace).run_id == run.id
    assert states(page.dataframe[0].value) == [["finished", "in use"]]
    assert page.button(key="promote").disabled

    page.button(key="back_to_shipped").click().run()

    assert active_model(workspace).run_id is None


def test_deleting_asks_first_and_can_be_called_off(run: Run, workspace: Workspace) -> None:
    page = opened()

    page.button(key="delete").click().run()
    assert run.id in texts(page)
    assert list_runs(workspace) == [run]

    page.button(key="keep").click().run()
    assert list_runs(workspace) == [run]
    assert "confirm_delete" not in keys(page)


def test_confirmed_deletion_deletes(run: Run, workspace: Workspace) -> None:
    promote(workspace, run)
    page = opened()

    page.button(key="delete").click().run()
    page.button(key="confirm_delete").click().run()

    assert list_runs(workspace) == []
    assert active_model(workspace).run_id is None
    assert "no runs yet" in texts(page)


def test_damaged_run_shows_its_problem_and_can_be_deleted(run: Run, workspace: Workspace) -> None:
    damaged = create_run(workspace, tiny_config())
    damaged.status_file.write_text('{"state": "runn')
    long_ago = time.time() - 60
    os.utime(damaged.status_file, (long_ago, long_ago))

    page = opened(damaged)

    assert not page.exception
    assert "damaged status.json" in texts(page)
    assert page.button(key="promote").disabled
    page.button(key="delete").click().run()
    page.button(key="confirm_delete").click().run()
    assert list_runs(workspace) == [run]


def test_damaged_curves_leave_the_rest_of_the_page(run: Run) -> None:
    run.history_file.write_text("nothing,of,use\n")

    page = opened()

    assert not page.exception
    assert "damaged history.csv" in texts(page)
    assert not page.button(key="promote").disabled


@pytest.mark.usefixtures("idle_workers")
def test_deleting_a_run_at_work_ends_it(workspace: Workspace) -> None:
    create_run(workspace, tiny_config())
    page = opened()
    process = list_runs(workspace)[0].process()
    assert process is not None

    page.button(key="delete").click().run()
    page.button(key="confirm_delete").click().run()

    assert not process.is_running()
    assert list_runs(workspace) == []


@pytest.mark.usefixtures("idle_workers")
def test_a_run_that_broke_off_is_resumed_from_the_page(workspace: Workspace) -> None:
    create_run(workspace, tiny_config())
    page = opened()
    (run,) = list_runs(workspace)
    assert page.button(key="resume").disabled
    kill_worker(run)
    page.run()
    assert not page.button(key="resume").disabled

    page.button(key="resume").click().run()

    assert not page.exception
    assert run.status().state == "running"


@pytest.mark.usefixtures("idle_workers")
def test_queue_goes_on_while_the_page_is_open(workspace: Workspace) -> None:
    create_run(workspace, tiny_config())
    page = opened()
    (run,) = list_runs(workspace)
    assert states(page.dataframe[0].value) == [["running"]]
    kill_worker(run)

    waiting = create_run(workspace, tiny_config())
    page.run()

    assert waiting.status().state == "running"


def test_run_that_failed_before_its_first_step_has_no_curves(workspace: Workspace) -> None:
    create_run(workspace, tiny_config()).write_status(Status(state="failed", message="No disk."))

    page = opened()

    assert not page.exception
    assert "Nothing was recorded" in texts(page)


def keys(page: AppTest) -> list[str | None]:
    return [button.key for button in page.button]


def states(table: pd.DataFrame) -> list[list[str]]:
    return [list(badges) for badges in table["State"]]
