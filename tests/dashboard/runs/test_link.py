"""The URL of the Runs page preserves the view, and invalid parameters are ignored."""

from __future__ import annotations

import shutil

import pytest

from core.runs.run import Run
from core.workspace import Workspace
from tests.support.runs_page import address, copied, open_runs_page, page_text, settings_table
from tests.support.tiny_training import tiny_config


def test_link_restores_selection_baseline_and_filter(run: Run, workspace: Workspace) -> None:
    other = copied(run, workspace, "20200101-120000-old-owl")
    third = copied(run, workspace, "20200102-120000-new-newt")
    other.write_config(tiny_config(epochs=9))

    page = open_runs_page(run=[other.id, third.id], baseline=run.id, find="digits", order="Oldest first")

    assert page.dataframe[0].value["Run"].tolist() == [run.title, "old-owl", "new-newt"]
    assert "Δ Test accuracy" in page.dataframe[0].value
    assert list(settings_table(page).columns) == [run.title, "old-owl", "new-newt"]
    assert address(page)["run"] == [other.id, third.id]


def test_link_accepts_the_display_name_of_a_dataset(run: Run, workspace: Workspace) -> None:
    other = copied(run, workspace, "20200101-120000-old-owl")
    other.write_config(tiny_config(dataset="mnist"))

    assert open_runs_page(data="MNIST").dataframe[0].value["Run"].tolist() == ["old-owl"]
    assert open_runs_page(data="scikit-learn digits").dataframe[0].value["Run"].tolist() == [run.title]
    assert open_runs_page(find="scikit").dataframe[0].value["Run"].tolist() == [run.title]


def test_link_to_missing_runs_shows_one_warning(run: Run) -> None:
    page = open_runs_page(run=["../../etc", "20200101-120000-old-owl"], baseline="nobody")

    assert not page.exception
    (message,) = [warning.value for warning in page.warning]
    assert "do not exist here" in message
    assert "old\\-owl" in message
    assert len(page.get("vega_lite_chart")) == 2


def test_chart_options_are_kept_while_no_run_is_selected(run: Run, workspace: Workspace) -> None:
    copied(run, workspace, "20200101-120000-old-owl")
    page = open_runs_page(run, log="true", axis="Steps")

    page.text_input(key="find").set_value("old owl").run()
    assert "Select one or more" in page_text(page)
    page.text_input(key="find").set_value("").run()

    assert page.toggle(key="log").value
    assert address(page)["axis"] == ["step"]


@pytest.mark.parametrize(
    ("name", "value"), [("order", "nonsense"), ("axis", "miles"), ("smoothing", "9"), ("log", "x"), ("state", "sleepy")]
)
def test_invalid_parameters_in_the_url_are_ignored(run: Run, workspace: Workspace, name: str, value: str) -> None:
    copied(run, workspace, "20200101-120000-old-owl")

    page = open_runs_page(**{name: value})

    assert not page.exception
    assert page.dataframe[0].value["Run"].tolist() == [run.title, "old-owl"]


def test_filtered_out_runs_stay_selected(run: Run, workspace: Workspace) -> None:
    other = copied(run, workspace, "20200101-120000-old-owl")
    page = open_runs_page(run, other)

    page.text_input(key="find").set_value("owl").run()
    assert page.dataframe[0].value["Run"].tolist() == ["old-owl"]
    assert "1 of 2 runs" in page_text(page)

    page.text_input(key="find").set_value("").run()
    assert "same settings" in page_text(page)
    assert set(address(page)["run"]) == {run.id, other.id}


def test_deleted_baseline_is_cleared(run: Run, workspace: Workspace) -> None:
    other = copied(run, workspace, "20200101-120000-old-owl")
    copied(run, workspace, "20200102-120000-new-newt")
    page = open_runs_page(baseline=other.id)
    assert "Δ Test accuracy" in page.dataframe[0].value

    shutil.rmtree(other.folder)
    page.run()

    assert not page.exception
    assert "Δ Test accuracy" not in page.dataframe[0].value
