"""The charts, tables and pictures of a sweep, from its files."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from core.sweeps.records import Objective, Trial
from core.workspace import Workspace
from dashboard.runs.parallel_axes import within
from dashboard.sweeps import charts
from dashboard.sweeps import trials as tables
from dashboard.sweeps.picture import sweep_picture
from dashboard.sweeps.timeline import time_title, timeline_bars, timeline_chart, timeline_lanes
from dashboard.sweeps.trials import Trials, accuracy
from tests.support.sweep_files import write_sweep


def trials_of(workspace: Workspace, count: int, **options: Any) -> Trials:
    sweep = write_sweep(workspace, count, **options)
    return Trials(sweep.settings(), sweep.progress())


def test_lowest_error_so_far_never_rises(workspace: Workspace) -> None:
    trials = trials_of(workspace, 30)

    points = charts.best_points(trials)

    assert len(points) == len(trials.complete) < 30
    assert points["best"].is_monotonic_decreasing
    assert points["best"].iloc[-1] == pytest.approx(1 - accuracy(trials.best or trials.all[0]))
    assert points["preset"].count() == 1


@pytest.mark.parametrize("objectives", [("validation_accuracy",), ("validation_accuracy", "parameters")])
def test_front_contains_the_trials_that_no_other_beats(workspace: Workspace, objectives: tuple[Objective, ...]) -> None:
    trials = trials_of(workspace, 60, objectives=objectives)

    points = charts.trade_off_points(trials, "parameters")

    front = points[points["pareto"]]
    for row in points.itertuples():
        better = points[(points["cost"] <= row.cost) & (points["accuracy"] > row.accuracy)]
        assert row.pareto == (better.empty and row.trial in set(front["trial"]))
    assert trials.best is not None
    assert trials.best.number in set(front["trial"])
    assert charts.known_costs(trials)[0] == "parameters"


def test_simultaneous_trials_have_separate_lanes() -> None:
    times = [(0, 10), (1, 4), (4, 8), (5, None), (11, 12)]
    trials = [
        Trial(number=number, state="running" if end is None else "complete", settings={}, started=start, ended=end)
        for number, (start, end) in enumerate(times)
    ]

    assert timeline_lanes(trials, now=20) == [1, 2, 2, 3, 1]


def test_timeline_of_a_long_first_trial_is_in_hours(workspace: Workspace) -> None:
    trials = trials_of(workspace, 1)
    running = trials.all[0].model_copy(update={"state": "running", "ended": None})
    trials = Trials(trials.settings, trials.progress.model_copy(update={"trials": (running,)}))

    bars = timeline_bars(trials, now=running.started + 3 * 3600)

    assert (bars["to"].item(), time_title(trials, running.started + 3 * 3600)) == (3, "Hours since the start")


def test_clock_that_was_set_back_does_not_draw_bars_backwards(workspace: Workspace) -> None:
    trials = trials_of(workspace, 1)
    early = trials.all[0].model_copy(update={"ended": trials.all[0].started - 3600})
    trials = Trials(trials.settings, trials.progress.model_copy(update={"trials": (early,)}))

    (bar,) = timeline_bars(trials, now=early.started).to_dict("records")

    assert (bar["from"], bar["to"], bar["took"]) == (0, 0, 0)


def test_charts_have_a_point_for_each_trial(workspace: Workspace) -> None:
    trials = trials_of(workspace, 30)

    timeline = timeline_chart(trials, now=2e9)
    trade_off = charts.trade_off(charts.trade_off_points(trials, "seconds"), trials, "seconds", chosen=5)

    assert len(timeline["datasets"]["points"]) == 30
    assert timeline["datasets"]["points"]["retries"].sum() == 1
    assert trade_off["datasets"]["points"].query("chosen")["trial"].tolist() == [5]
    importance = trials.progress.importance or {}
    assert charts.importance(importance, "#000000").to_dict()["layer"][0]["mark"]["type"] == "bar"


@pytest.mark.parametrize(("cost", "number_format"), [("parameters", "~s"), ("milliseconds", ",~r"), ("seconds", ",~r")])
def test_only_counts_have_metric_prefixes(workspace: Workspace, cost: charts.Cost, number_format: str) -> None:
    trials = trials_of(workspace, 30)

    trade_off = charts.trade_off(charts.trade_off_points(trials, cost), trials, cost, chosen=None)

    formats = {layer["encoding"]["x"]["axis"]["format"] for layer in trade_off["layer"]}
    assert formats == {number_format}


def test_ranges_select_trials_and_pruned_trials_have_no_result(workspace: Workspace) -> None:
    trials = trials_of(workspace, 30)
    axes = tables.axes(trials)

    shown = [
        trial
        for trial, fits in zip(trials.all, within(axes, {"validation_accuracy": [2.0, None]}), strict=True)
        if fits
    ]

    assert shown
    assert all(trial.state == "complete" and accuracy(trial) >= 0.99 for trial in shown)
    lines = tables.lines(trials, axes)
    assert [line.shade is None for line in lines] == [trial.state != "complete" for trial in trials.all]
    assert sum(line.best for line in lines) == 1


def test_table_links_to_the_run_of_each_seed(workspace: Workspace) -> None:
    trials = trials_of(workspace, 5, seeds=2)

    table = tables.table(trials, trials.all)

    assert table["Run"][3] == "run?id=20261129-000003-trial-a"
    assert table["Run 2"][3] == "run?id=20261129-000003-trial-b"
    assert table["Filters"][0] == "8, 32, 96"


def test_csv_has_a_row_for_each_trial(workspace: Workspace) -> None:
    trials = trials_of(workspace, 30)

    rows = list(csv.DictReader(io.StringIO(tables.csv(trials).decode("utf-8-sig"))))

    assert [int(row["trial"]) for row in rows] == list(range(30))
    assert float(rows[0]["validation_accuracy"]) == accuracy(trials.all[0])
    assert float(rows[0]["learning_rate"]) == 0.01
    assert rows[7]["message"].startswith("The loss is not a number")


@pytest.mark.parametrize("count", [0, 30])
def test_picture_shows_any_number_of_trials(workspace: Workspace, count: int) -> None:
    picture = sweep_picture(trials_of(workspace, count), "svg")

    assert picture.startswith(b"<?xml")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (None, None),
        ({"selection": {"trial": []}}, None),
        ({"selection": {"trial": [{"trial": 7}]}}, 7),
        ({"selection": {"trial": [{"other": 7}]}}, None),
    ],
)
def test_clicked_trial_is_read_from_the_browser(event: dict | None, expected: int | None) -> None:
    assert charts.selected_trial(event) == expected


def test_edited_settings_do_not_break_the_page(workspace: Workspace) -> None:
    trials = trials_of(workspace, 5)
    edited_trial = trials.all[2].model_copy(update={"settings": {"learning_rate": "fast", "filters": {"a": 1}}})
    edited_trials = Trials(
        trials.settings, trials.progress.model_copy(update={"trials": (*trials.all[:2], edited_trial, *trials.all[3:])})
    )

    chart_axes = tables.axes(edited_trials)

    assert chart_axes[0].texts[2] == "–"
    assert tables.lines(edited_trials, chart_axes)
    assert tables.table(edited_trials, edited_trials.all)["Learning rate"].isna().sum() == 1
    assert tables.csv(edited_trials)
    assert charts.best_so_far(edited_trials)
