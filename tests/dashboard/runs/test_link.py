"""What the Runs page's address keeps, and what it makes of one that names nothing of use."""

from __future__ import annotations

import shutil

import pytest

from core.runs.run import Run
from core.workspace import Workspace
from tests.support.runs_page import address, copied, opened, texts
from tests.support.tiny_training import tiny_config


def test_link_brings_selection_baseline_and_filter_back(run: Run, workspace: Workspace) -> None:
    other = copied(run, workspace, "20200101-120000-old-owl")
    third = copied(run, workspace, "20200102-120000-new-newt")
    other.write_config(tiny_config(epochs=9))

    page = opened(run=[other.id, third.id], baseline=run.id, find="digits", order="Oldest first")

    assert page.dataframe[0].value["Run"].tolist() == [run.title, "old-owl", "new-newt"]
    assert "Δ Test accuracy" in page.dataframe[0].value
    assert list(page.dataframe[1].value.columns) == [run.title, "old-owl", "new-newt"]
    assert address(page)["run"] == [other.id, third.id]


def test_link_keeps_the_data_by_the_name_that_people_know(run: Run, workspace: Workspace) -> None:
    other = copied(run, workspace, "20200101-120000-old-owl")
    other.write_config(tiny_config(dataset="mnist"))

    assert opened(data="MNIST").dataframe[0].value["Run"].tolist() == ["old-owl"]
    assert opened(data="scikit-learn digits").dataframe[0].value["Run"].tolist() == [run.title]
    assert opened(find="scikit").dataframe[0].value["Run"].tolist() == [run.title]


def test_link_to_runs_that_are_not_here_says_so_in_one_sentence(run: Run) -> None:
    page = opened(run=["../../etc", "20200101-120000-old-owl"], baseline="nobody")

    assert not page.exception
    (sentence,) = [warning.value for warning in page.warning]
    assert "not here" in sentence
    assert "old\\-owl" in sentence
    assert len(page.get("vega_lite_chart")) == 2


def test_look_of_the_curves_is_kept_while_nothing_is_ticked(run: Run, workspace: Workspace) -> None:
    copied(run, workspace, "20200101-120000-old-owl")
    page = opened(run, log="true", axis="Steps")

    page.text_input(key="find").set_value("old owl").run()
    assert "Select one or more" in texts(page)
    page.text_input(key="find").set_value("").run()

    assert page.toggle(key="log").value
    assert address(page)["axis"] == ["step"]


@pytest.mark.parametrize(
    ("name", "value"), [("order", "nonsense"), ("axis", "miles"), ("smoothing", "9"), ("log", "x"), ("state", "sleepy")]
)
def test_nonsense_in_the_address_changes_nothing(run: Run, workspace: Workspace, name: str, value: str) -> None:
    copied(run, workspace, "20200101-120000-old-owl")

    page = opened(**{name: value})

    assert not page.exception
    assert page.dataframe[0].value["Run"].tolist() == [run.title, "old-owl"]


def test_hidden_ticks_are_kept_while_a_filter_hides_them(run: Run, workspace: Workspace) -> None:
    other = copied(run, workspace, "20200101-120000-old-owl")
    page = opened(run, other)

    page.text_input(key="find").set_value("owl").run()
    assert page.dataframe[0].value["Run"].tolist() == ["old-owl"]
    assert "1 of 2 runs" in texts(page)

    page.text_input(key="find").set_value("").run()
    assert "same settings" in texts(page)
    assert set(address(page)["run"]) == {run.id, other.id}


def test_baseline_that_was_deleted_is_none_again(run: Run, workspace: Workspace) -> None:
    other = copied(run, workspace, "20200101-120000-old-owl")
    copied(run, workspace, "20200102-120000-new-newt")
    page = opened(baseline=other.id)
    assert "Δ Test accuracy" in page.dataframe[0].value

    shutil.rmtree(other.folder)
    page.run()

    assert not page.exception
    assert "Δ Test accuracy" not in page.dataframe[0].value
