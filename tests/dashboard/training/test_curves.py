"""Learning curves: a run's tables become points, and points become charts."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.runs.tables import HISTORY_COLUMNS, STEP_COLUMNS
from dashboard.runs.curves_picture import curves_picture
from dashboard.training.chart_options import ChartOptions
from dashboard.training.curve_points import MAX_POINTS, curve_points, max_points_per_run, shown_points, smoothed
from dashboard.training.curves import POINTS, _chart, axis_end, overlaid_curves, run_curve, training_curve
from dashboard.training.log_ticks import log_ticks

STEPS = pd.DataFrame(
    [(5, 1, 1.0, 2.0, 0.3, 2.1, 0.2, 900.0), (10, 1, 2.0, 1.0, 0.6, None, None, 900.0)], columns=list(STEP_COLUMNS)
)
HISTORY = pd.DataFrame([(1, 10, 2.0, 1.5, 0.5, 0.9, 0.7, 1e-3)], columns=list(HISTORY_COLUMNS))


def test_steps_become_shares_of_an_epoch() -> None:
    points = curve_points("owl", STEPS, HISTORY, steps_in_epoch=10)

    training = points[(points["split"] == "Training") & (points["granularity"] == "step")]
    assert training["epoch"].tolist() == [0.5, 1.0]
    assert training["loss"].tolist() == [2.0, 1.0]


def test_validation_line_goes_through_samples_and_whole_epochs() -> None:
    points = curve_points("owl", STEPS, HISTORY, steps_in_epoch=10)

    validation = points[(points["split"] == "Validation") & (points["granularity"] == "step")]
    assert validation["accuracy"].tolist() == [0.2, 0.7]


def test_run_without_rows_has_no_points_and_still_a_chart() -> None:
    empty = curve_points("owl", STEPS.head(0), HISTORY.head(0), steps_in_epoch=0)

    assert empty.empty
    assert training_curve(empty, "loss", 0, 1)["layer"]
    assert overlaid_curves(empty, "loss", ChartOptions())["layer"]


def test_long_runs_are_thinned() -> None:
    steps = pd.concat([STEPS.head(1)] * 5000).assign(step=range(5000))

    points = curve_points("owl", steps, HISTORY, steps_in_epoch=10)

    assert len(points) < 1000


def test_the_mean_over_the_epoch_left_out_is_left_out_with_it() -> None:
    points = curve_points("owl", STEPS, HISTORY, steps_in_epoch=10)

    shown = shown_points(points, "loss", ChartOptions(first=1))

    whole = shown[shown["granularity"] == "epoch"]
    assert whole["split"].tolist() == ["Validation"]


def test_points_before_the_first_epoch_asked_for_are_left_out() -> None:
    points = curve_points("owl", STEPS, HISTORY, steps_in_epoch=10)

    chart = training_curve(points, "loss", first=1)

    assert chart["datasets"][POINTS]["epoch"].min() == 1


@given(
    st.lists(st.floats(0, 100, allow_subnormal=False), min_size=1, max_size=40),
    st.floats(0, 0.99, exclude_min=True),
)
def test_smoothing_is_the_average_of_tensorboard(values: list[float], weight: float) -> None:
    last, expected = 0.0, []
    for count, value in enumerate(values, 1):
        last = last * weight + (1 - weight) * value
        expected.append(last / (1 - weight**count))

    line = smoothed(pd.DataFrame({"loss": values}), weight)["loss"]

    assert line.tolist() == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert line.iloc[0] == pytest.approx(values[0])
    assert min(values) - 1e-6 <= line.min() <= line.max() <= max(values) + 1e-6


def test_smooth_lines_leave_what_was_measured_alone() -> None:
    steps = pd.concat([STEPS.head(1).assign(step=step, loss=float(step % 2)) for step in range(1, 50)])

    points = curve_points("owl", steps, HISTORY, steps_in_epoch=10, smoothing=0.9)

    training = points[(points["split"] == "Training") & (points["granularity"] == "step")]
    assert set(training["loss"]) == {0.0, 1.0}
    assert training["loss_line"].iloc[20:].std() < 0.1


def test_values_of_whole_epochs_are_never_smoothed() -> None:
    history = pd.concat([HISTORY.assign(epoch=epoch, step=10 * epoch, val_loss=1 / epoch) for epoch in range(1, 9)])

    points = curve_points("owl", STEPS, history, steps_in_epoch=10, smoothing=0.9)

    whole = points[points["granularity"] == "epoch"]
    assert whole["loss"].tolist() == whole["loss_line"].tolist()


def test_points_lie_over_steps_and_seconds_too() -> None:
    points = shown_points(curve_points("owl", STEPS, HISTORY, steps_in_epoch=10), "loss", ChartOptions())

    training = points[(points["split"] == "Training") & (points["granularity"] == "step")]
    assert training[["step", "seconds", "epoch"]].to_numpy().tolist() == [[5, 1.0, 0.5], [10, 2.0, 1.0]]


def test_run_that_waits_to_go_on_keeps_the_length_of_its_epochs() -> None:
    points = curve_points("owl", STEPS, HISTORY, steps_in_epoch=0)

    assert points["epoch"].max() == 1.0


def test_logarithmic_scale_shows_errors_and_leaves_out_zero() -> None:
    perfect = HISTORY.assign(val_accuracy=1.0)
    options = ChartOptions(logarithmic=True)

    points = shown_points(curve_points("owl", STEPS, perfect, steps_in_epoch=10), "error", options)

    assert options.metrics == ("loss", "error")
    assert points["value"].min() > 0
    assert points["value"].max() == pytest.approx(0.8)
    assert run_curve(curve_points("owl", STEPS, perfect, 10), "error", options)["layer"]


@given(st.floats(1e-9, 100), st.one_of(st.floats(1.05, 3), st.floats(1.05, 1e12)))
@example(0.0101, 1.47)
@example(0.021, 1.38)
@example(0.0031, 1.26)
@example(0.62, 1.11)
def test_logarithmic_axis_has_a_few_round_labels_wherever_it_lies(low: float, times: float) -> None:
    marks = log_ticks(pd.Series([low, low * times]))

    assert 3 <= len(marks) <= 8
    assert all(low <= mark <= low * times for mark in marks)
    assert all(math.isclose(mark, float(f"{mark:.3g}")) for mark in marks)


def test_logarithmic_axis_of_one_value_has_that_as_its_label() -> None:
    assert log_ticks(pd.Series([0.0123])) == log_ticks(pd.Series([0.0123, 0.0123000001])) == [0.0123]


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_what_is_pointed_at_lies_on_the_line_and_is_called_smoothed_only_if_it_is(smoothing: float) -> None:
    points = curve_points("owl", STEPS, HISTORY, steps_in_epoch=10, smoothing=smoothing)

    hover = run_curve(points, "loss", ChartOptions(smoothing=smoothing))["layer"][-1]

    assert hover["encoding"]["y"]["field"] == "line"
    assert ("smoothed" in [one["title"] for one in hover["encoding"]["tooltip"]]) == bool(smoothing)


@pytest.mark.parametrize("logarithmic", [False, True])
def test_chart_stays_while_its_data_grow_so_that_the_browser_updates_it_in_place(logarithmic: bool) -> None:
    grown = pd.concat([STEPS, STEPS.tail(1).assign(step=15, loss=1.5)])
    options = ChartOptions(logarithmic=logarithmic)

    charts = []
    for steps in (STEPS, grown):
        # Altair counts the names that it gives: what is built again must be the same, too.
        _chart.cache_clear()
        charts.append(overlaid_curves(curve_points("owl", steps, HISTORY, 10), "loss", options, "owl"))

    data = [chart.pop("datasets") for chart in charts]
    assert len(data[0][POINTS]) < len(data[1][POINTS])
    assert charts[0] == charts[1]
    assert charts[0]["data"] == {"name": POINTS}
    assert not any("data" in layer for layer in charts[0]["layer"])


@given(st.integers(0, 5000))
def test_many_runs_share_the_points_that_a_browser_can_draw(runs: int) -> None:
    assert 40 <= max_points_per_run(runs) <= MAX_POINTS
    assert max_points_per_run(runs) * runs <= max(8000, 40 * runs)


def test_last_point_stays_when_a_long_run_is_thinned() -> None:
    steps = pd.concat([STEPS.head(1)] * 5000).assign(step=range(5000))

    points = curve_points("owl", steps, HISTORY, steps_in_epoch=10, most=50)

    assert points[(points["split"] == "Training") & (points["granularity"] == "step")]["step"].iloc[-1] == 4999


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_curves_become_a_picture(kind: str, start: bytes) -> None:
    names = ("owl", "_under $x$ <b>", "größer")
    points = pd.concat([curve_points(name, STEPS, HISTORY, steps_in_epoch=10) for name in names])

    picture = curves_picture(points, ChartOptions("seconds", 0.5, logarithmic=True), kind, baseline="owl")

    assert picture.startswith(start)
    assert len(picture) > 5000


def test_picture_says_what_its_lines_mean_and_has_shares_in_percent() -> None:
    points = pd.concat([curve_points(name, STEPS, HISTORY, steps_in_epoch=10) for name in ("owl", "newt")])

    # Words are drawn; what they say stands beside them as comments.
    picture = curves_picture(points, ChartOptions(logarithmic=True), "svg", baseline="owl").decode()

    assert all(f"<!-- {said} -->" in picture for said in ("the baseline", "training, every few steps", "50%"))
    assert "<!-- the baseline -->" not in curves_picture(points, ChartOptions(), "svg").decode()


def test_picture_of_narrow_curves_on_a_logarithmic_scale_has_numbers_on_its_axes() -> None:
    narrow = HISTORY.assign(val_loss=0.029, val_accuracy=0.9869)
    steps = STEPS.assign(loss=0.021, accuracy=0.9851)
    points = curve_points("owl", steps, narrow, steps_in_epoch=10)

    picture = curves_picture(points, ChartOptions(logarithmic=True), "svg").decode()

    assert all(f"<!-- {said} -->" in picture for said in ("0.022", "0.028", "1.35%", "1.45%"))


def test_runs_without_points_become_a_picture_too() -> None:
    assert curves_picture(curve_points("owl", STEPS.head(0), HISTORY.head(0), 0), ChartOptions()).startswith(b"\x89PNG")


@given(st.floats(0, 200), st.integers(1, 200))
def test_horizon_is_ahead_of_the_progress_and_within_the_training(progress: float, epochs: int) -> None:
    progress = min(progress, epochs)

    assert progress <= axis_end(progress, epochs) <= epochs


@pytest.mark.parametrize(("progress", "expected"), [(0, 1), (0.4, 1), (1.2, 2), (2.5, 5), (7, 10), (12, 15)])
def test_horizon_moves_in_few_jumps(progress: float, expected: int) -> None:
    assert axis_end(progress, 15) == expected
