"""The Sweeps page: the list, the form, and the page of one sweep."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from core.sweeps import control
from core.sweeps.sweep import Sweep
from core.workspace import PROJECT, Workspace
from tests.support.runs_page import keys, page_text
from tests.support.sweep_files import write_sweep


def _dashboard() -> AppTest:
    return AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()


def open_page() -> AppTest:
    return _dashboard().switch_page("views/sweeps.py").run()


def open_sweep(sweep_id: str, parameter: str = "id") -> AppTest:
    page = _dashboard()
    page.query_params[parameter] = sweep_id
    return page.switch_page(f"views/{'sweep' if parameter == 'id' else 'sweeps'}.py").run()


def open_address(page: str, query: str) -> AppTest:
    dashboard = _dashboard()
    for name, value in parse_qsl(query):
        dashboard.query_params[name] = value
    return dashboard.switch_page(f"views/{page}.py").run()


@pytest.fixture
def actions(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The calls that would start or stop processes; they are only recorded."""
    calls: list[tuple[Any, ...]] = []
    for name in ("start", "retrain", "stop"):
        monkeypatch.setattr(control, name, lambda *arguments, name=name: calls.append((name, *arguments[1:])))
    return calls


def test_first_sweep_is_started_with_the_form(
    workspace: Workspace, without_mnist: None, actions: list[tuple[Any, ...]]
) -> None:
    page = open_page()

    assert not page.exception
    assert "There are no sweeps yet" in page_text(page)
    assert page.expander[0].proto.expanded
    assert "The time is not known yet" in page_text(page)
    assert page.code[0].value.startswith("python -m core sweep new --preset fast")

    page.multiselect(key="sweep_digits_fast_settings").set_value(["learning_rate", "optimizer"]).run()
    page.multiselect(key="sweep_digits_fast_optimizer_choices").set_value(["adam"]).run()
    assert "Choose two or more values of Optimizer" in page_text(page)
    assert "start_sweep" not in keys(page)

    page.multiselect(key="sweep_digits_fast_optimizer_choices").set_value(["adam", "sgd"])
    page.selectbox(key="sweep_second").set_value("parameters")
    page.text_input(key="sweep_title").set_value("*Which* optimizer?")
    page.number_input(key="sweep_trials").set_value(7).run()
    page.button(key="start_sweep").click().run()

    (sweep,) = control.list_sweeps(workspace)
    settings = sweep.settings()
    assert [parameter.name for parameter in settings.parameters] == ["learning_rate", "optimizer"]
    assert (settings.objectives, settings.trials) == (("validation_accuracy", "parameters"), 7)
    assert actions == [("start", sweep)]
    assert not page.exception
    assert "*Which* optimizer?" in [title.value.replace("\\", "") for title in page.title]


def test_filters_typed_as_they_are_shown_are_one_value(workspace: Workspace, without_mnist: None) -> None:
    page = open_page()

    page.multiselect(key="sweep_digits_fast_filters_choices").set_value(["8x32x96", "16, 64"]).run()

    assert "--vary filters=8x32x96,16x64" in page.code[0].value


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("around=20261129-160000-quiet-otter&trial=9", "has no trial 9"),
        ("around=20261129-160000-quiet-otter", "has no trial"),
        ("around=shy-swan&trial=1", "There is no sweep named 'shy-swan'"),
    ],
)
def test_link_to_search_around_an_unknown_trial_is_explained(workspace: Workspace, query: str, message: str) -> None:
    write_sweep(workspace, 5, sweep_id="20261129-160000-quiet-otter")

    page = open_address("sweeps", query)

    assert not page.exception
    assert message in page_text(page)
    assert "start_sweep" in keys(page)


def test_sweep_page_shows_charts_trials_and_the_winner(workspace: Workspace, actions: list[tuple[Any, ...]]) -> None:
    sweep = write_sweep(workspace, 30, winner=True)

    page = open_sweep(sweep.id)

    assert not page.exception
    text = page_text(page)
    for heading in ("Best so far", "Which settings matter", "Settings and results", "Timeline", "Trials"):
        assert heading in text
    assert "23 complete, 6 pruned, 1 failed" in [metric.proto.delta_description for metric in page.metric]
    assert list(page.dataframe[0].value["Trial"]) == list(range(29, -1, -1))
    assert "Some of these runs have been deleted" in text
    assert page.button(key="use_trial").disabled

    page.segmented_control(key="sweep_cost").set_value("seconds").run()
    front = page.selectbox(key=f"use_trial_{sweep.id}_None")
    cheapest = int(front.options[-1].split(":")[0].removeprefix("Trial "))
    front.set_value(cheapest).run()
    page.button(key="use_trial").click().run()
    assert actions == [("retrain", sweep, cheapest)]

    (query,) = (link.proto.query_string for link in page.get("page_link") if link.proto.label == "Search around it")
    page = open_address("sweeps", query)
    assert page.selectbox[0].options[0] == f"Settings of trial {cheapest} of fast: 5 settings"
    assert "--filters 8,16,32" in page.code[0].value


def test_winner_with_the_first_settings_has_no_verdict(workspace: Workspace) -> None:
    sweep = write_sweep(workspace, 5, winner=True)
    progress = sweep.progress()
    winner = progress.winners[0].model_copy(update={"trial": 0})
    sweep.write_progress(progress.model_copy(update={"winners": (winner,)}))

    text = page_text(open_sweep(sweep.id))

    assert "settings of the first trial, so there is nothing to compare" in text
    assert "appears when two of these runs" not in text


def test_early_sweep_says_what_is_missing(workspace: Workspace) -> None:
    interrupted = write_sweep(workspace, 5, state="interrupted")
    fresh = Sweep(workspace.sweeps / "20261129-170000-new-newt")
    fresh.folder.mkdir()
    fresh.write_settings(interrupted.settings())
    fresh.write_status(interrupted.status())

    text = page_text(open_sweep(interrupted.id))
    assert "Too few trials: 15 more complete trials needed" in text

    page = open_sweep("new-newt")
    assert "The first trial has not started yet" in page_text(page)
    assert {"resume_sweep", "delete_sweep"} <= set(keys(page))


def test_sweep_is_deleted_after_confirmation(workspace: Workspace) -> None:
    sweep = write_sweep(workspace, 5, title="[Five](x)")
    page = open_sweep(sweep.id)

    page.button(key="delete_sweep").click().run()
    assert "Five" in page_text(page)
    page.button(key="confirm_delete_sweep").click().run()

    assert not page.exception
    assert not sweep.folder.exists()
    assert "There is no sweep" in page_text(open_sweep(sweep.id, parameter="sweep"))


def test_leaving_the_page_keeps_a_sweep_marked_for_deletion(workspace: Workspace) -> None:
    page = open_sweep(write_sweep(workspace, 5).id)
    page.button(key="delete_sweep").click().run()
    assert "confirm_delete_sweep" in keys(page)

    page.switch_page("views/sweeps.py").run()
    page.switch_page("views/sweep.py").run()

    assert "confirm_delete_sweep" not in keys(page)


def test_damaged_sweep_is_listed_and_can_be_deleted(workspace: Workspace) -> None:
    good = write_sweep(workspace, 5)
    damaged = write_sweep(workspace, 5, sweep_id="20261129-170000-sad-seal")
    damaged.progress_file.write_text("{")

    page = open_page()
    assert not page.exception
    assert "trials.json of sweep 20261129-170000-sad-seal is damaged" in page_text(page)
    assert "5 of 5 trials" in page_text(page)
    assert good.folder.exists()

    page = open_sweep(damaged.id)
    assert "is damaged" in page_text(page)
    assert "delete_sweep" in keys(page)


def test_visitor_without_permission_can_only_look(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = write_sweep(workspace, 5, state="stopped")
    monkeypatch.setenv("TRAZO_READONLY", "1")

    assert "start_sweep" not in keys(open_page())
    page = open_sweep(sweep.id)
    assert not {"resume_sweep", "delete_sweep", "use_trial"} & set(keys(page))
    assert len(page.dataframe[0].value) == 5


def test_train_page_offers_its_settings_for_a_sweep(workspace: Workspace, without_mnist: None) -> None:
    page = _dashboard()
    page.switch_page("views/train.py").run()
    page.number_input(key="train_digits_fast_batch_size").set_value(96).run()

    page.button(key="search_around").click().run()

    assert not page.exception
    assert page.title[0].value == "Sweeps"
    assert page.selectbox[0].options[0] == "Settings of the preset fast, changed"
    assert "--batch-size 96" in page.code[0].value
