"""Learning curves: a run's tables become points, and points become charts."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.runs.tables import HISTORY_COLUMNS, STEP_COLUMNS
from dashboard.runs.curves_picture import curves_picture
from dashboard.training.chart_options import Axis, ChartOptions
from dashboard.training.curve_points import (
    MAX_POINTS,
    curve_points,
    hides_first_epoch,
    max_points_per_run,
    shown_points,
    smooth,
)
from dashboard.training.curves import POINTS, _chart, axis_end, overlaid_curves, run_curve, training_curve
from dashboard.training.log_ticks import log_ticks

STEPS = pd.DataFrame(
    [(5, 1, 1.0, 2.0, 0.3, 2.1, 0.2, 900.0), (10, 1, 2.0, 1.0, 0.6, None, None, 900.0)], columns=list(STEP_COLUMNS)
)
HISTORY = pd.DataFrame([(1, 10, 2.0, 1.5, 0.5, 0.9, 0.7, 1e-3)], columns=list(HISTORY_COLUMNS))


def test_steps_become_fractions_of_an_epoch() -> None:
    points = curve_points("owl", STEPS, HISTORY, steps_in_epoch=10)

    training = points[(points["split"] == "Training") & (points["granularity"] == "step")]
    assert training["epoch"].tolist() == [0.5, 1.0]
    assert training["loss"].tolist() == [2.0, 1.0]


def test_validation_line_joins_samples_and_completed_epochs() -> None:
    points = curve_points("owl", STEPS, HISTORY, steps_in_epoch=10)

    validation = points[(points["split"] == "Validation") & (points["granularity"] == "step")]
    assert validation["accuracy"].tolist() == [0.2, 0.7]


def test_run_without_rows_has_a_chart_without_points() -> None:
    empty = curve_points("owl", STEPS.head(0), HISTORY.head(0), steps_in_epoch=0)

    assert empty.empty
    assert training_curve(empty, "loss", 0, 1)["layer"]
    assert overlaid_curves(empty, "loss", ChartOptions())["layer"]


def test_axis_ends_after_an_unfinished_first_epoch() -> None:
    points = curve_points("owl", STEPS.head(1), HISTORY.head(0), steps_in_epoch=10)

    chart = overlaid_curves(points, "loss", ChartOptions())

    assert chart["layer"][0]["encoding"]["x"]["scale"]["domain"] == [0, 1]


def test_long_runs_are_thinned() -> None:
    steps = pd.concat([STEPS.head(1)] * 5000).assign(step=range(5000))

    points = curve_points("owl", steps, HISTORY, steps_in_epoch=10)

    assert len(points) < 1000


def test_training_mean_of_a_hidden_epoch_is_hidden_too() -> None:
    points = curve_points("owl", STEPS, HISTORY, steps_in_epoch=10)

    shown = shown_points(points, "loss", ChartOptions(first_epoch=1))

    epochs = shown[shown["granularity"] == "epoch"]
    assert epochs["split"].tolist() == ["Validation"]


@pytest.mark.parametrize(
    ("completed_epochs", "hides"), [([12], True), ([1], False), ([12, 1], False), ([12, 0], True), ([], True)]
)
def test_first_epoch_is_hidden_only_if_no_run_becomes_a_dot(completed_epochs: list[int], hides: bool) -> None:
    assert hides_first_epoch(completed_epochs) is hides


def test_points_before_the_first_shown_epoch_are_hidden() -> None:
    points = curve_points("owl", STEPS, HISTORY, steps_in_epoch=10)

    chart = training_curve(points, "loss", first_epoch=1)

    assert chart["datasets"][POINTS]["epoch"].min() == 1


@given(
    st.lists(st.floats(0, 100, allow_subnormal=False), min_size=1, max_size=40),
    st.floats(0, 0.99, exclude_min=True),
)
def test_smoothing_matches_tensorboard(values: list[float], weight: float) -> None:
    last, expected = 0.0, []
    for count, value in enumerate(values, 1):
        last = last * weight + (1 - weight) * value
        expected.append(last / (1 - weight**count))

    line = smooth(pd.DataFrame({"loss": values}), weight)["loss"]

    assert line.tolist() == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert line.iloc[0] == pytest.approx(values[0])
    assert min(values) - 1e-6 <= line.min() <= line.max() <= max(values) + 1e-6


def test_smoothing_leaves_measured_values_unchanged() -> None:
    steps = pd.concat([STEPS.head(1).assign(step=step, loss=float(step % 2)) for step in range(1, 50)])

    points = curve_points("owl", steps, HISTORY, steps_in_epoch=10, smoothing=0.9)

    training = points[(points["split"] == "Training") & (points["granularity"] == "step")]
    assert set(training["loss"]) == {0.0, 1.0}
    assert training["loss_line"].iloc[20:].std() < 0.1


def test_epoch_values_are_never_smoothed() -> None:
    history = pd.concat([HISTORY.assign(epoch=epoch, step=10 * epoch, val_loss=1 / epoch) for epoch in range(1, 9)])

    points = curve_points("owl", STEPS, history, steps_in_epoch=10, smoothing=0.9)

    epochs = points[points["granularity"] == "epoch"]
    assert epochs["loss"].tolist() == epochs["loss_line"].tolist()


def test_points_have_steps_and_seconds() -> None:
    points = shown_points(curve_points("owl", STEPS, HISTORY, steps_in_epoch=10), "loss", ChartOptions())

    training = points[(points["split"] == "Training") & (points["granularity"] == "step")]
    assert training[["step", "seconds", "epoch"]].to_numpy().tolist() == [[5, 1.0, 0.5], [10, 2.0, 1.0]]


@pytest.mark.parametrize(("axis", "number_format"), [("step", "~s"), ("seconds", ",~r")])
def test_only_steps_have_metric_prefixes(axis: Axis, number_format: str) -> None:
    chart = run_curve(curve_points("owl", STEPS, HISTORY, steps_in_epoch=10), "loss", ChartOptions(axis))

    formats = {layer["encoding"]["x"]["axis"]["format"] for layer in chart["layer"] if "axis" in layer["encoding"]["x"]}
    assert formats == {number_format}


def test_resumed_run_in_the_queue_keeps_its_epoch_length() -> None:
    points = curve_points("owl", STEPS, HISTORY, steps_in_epoch=0)

    assert points["epoch"].max() == 1.0


def test_logarithmic_scale_shows_errors_and_omits_zero() -> None:
    perfect_history = HISTORY.assign(val_accuracy=1.0)
    options = ChartOptions(logarithmic=True)

    points = shown_points(curve_points("owl", STEPS, perfect_history, steps_in_epoch=10), "error", options)

    assert options.metrics == ("loss", "error")
    assert points["value"].min() > 0
    assert points["value"].max() == pytest.approx(0.8)
    assert run_curve(curve_points("owl", STEPS, perfect_history, 10), "error", options)["layer"]


@given(st.floats(1e-9, 100), st.one_of(st.floats(1.05, 3), st.floats(1.05, 1e12)))
@example(0.0101, 1.47)
@example(0.021, 1.38)
@example(0.0031, 1.26)
@example(0.62, 1.11)
def test_logarithmic_axis_has_a_few_round_labels(low: float, factor: float) -> None:
    ticks = log_ticks(pd.Series([low, low * factor]))

    assert 3 <= len(ticks) <= 8
    assert all(low <= tick <= low * factor for tick in ticks)
    assert all(math.isclose(tick, float(f"{tick:.3g}")) for tick in ticks)


def test_logarithmic_axis_of_one_value_has_one_label() -> None:
    assert log_ticks(pd.Series([0.0123])) == log_ticks(pd.Series([0.0123, 0.0123000001])) == [0.0123]


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_hover_point_lies_on_the_line(smoothing: float) -> None:
    points = curve_points("owl", STEPS, HISTORY, steps_in_epoch=10, smoothing=smoothing)

    hover = run_curve(points, "loss", ChartOptions(smoothing=smoothing))["layer"][-1]

    assert hover["encoding"]["y"]["field"] == "line"
    assert ("smoothed" in [field["title"] for field in hover["encoding"]["tooltip"]]) == bool(smoothing)


@pytest.mark.parametrize("logarithmic", [False, True])
def test_chart_stays_the_same_while_its_data_grows(logarithmic: bool) -> None:
    more_steps = pd.concat([STEPS, STEPS.tail(1).assign(step=15, loss=1.5)])
    options = ChartOptions(logarithmic=logarithmic)

    charts = []
    for steps in (STEPS, more_steps):
        # Altair numbers the names that it generates, so a chart that is built again might differ.
        _chart.cache_clear()
        charts.append(overlaid_curves(curve_points("owl", steps, HISTORY, 10), "loss", options, "owl"))

    data = [chart.pop("datasets") for chart in charts]
    assert len(data[0][POINTS]) < len(data[1][POINTS])
    assert charts[0] == charts[1]
    assert charts[0]["data"] == {"name": POINTS}
    assert not any("data" in layer for layer in charts[0]["layer"])


@given(st.integers(0, 5000))
def test_many_runs_share_the_maximum_number_of_points(runs: int) -> None:
    assert 40 <= max_points_per_run(runs) <= MAX_POINTS
    assert max_points_per_run(runs) * runs <= max(8000, 40 * runs)


def test_thinning_keeps_the_last_point() -> None:
    steps = pd.concat([STEPS.head(1)] * 5000).assign(step=range(5000))

    points = curve_points("owl", steps, HISTORY, steps_in_epoch=10, max_points=50)

    assert points[(points["split"] == "Training") & (points["granularity"] == "step")]["step"].iloc[-1] == 4999


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_curves_can_be_saved_as_a_picture(kind: str, start: bytes) -> None:
    names = ("owl", "_under $x$ <b>", "größer")
    points = pd.concat([curve_points(name, STEPS, HISTORY, steps_in_epoch=10) for name in names])

    picture = curves_picture(points, ChartOptions("seconds", 0.5, logarithmic=True), kind, baseline="owl")

    assert picture.startswith(start)
    assert len(picture) > 5000


def test_picture_has_a_legend_and_percentages() -> None:
    points = pd.concat([curve_points(name, STEPS, HISTORY, steps_in_epoch=10) for name in ("owl", "newt")])

    # Matplotlib draws words as outlines and writes their text as comments.
    picture = curves_picture(points, ChartOptions(logarithmic=True), "svg", baseline="owl").decode()

    assert all(f"<!-- {text} -->" in picture for text in ("baseline", "training, every few steps", "50%"))
    assert "<!-- baseline -->" not in curves_picture(points, ChartOptions(), "svg").decode()


def test_logarithmic_picture_of_close_values_has_labels() -> None:
    close_history = HISTORY.assign(val_loss=0.029, val_accuracy=0.9869)
    steps = STEPS.assign(loss=0.021, accuracy=0.9851)
    points = curve_points("owl", steps, close_history, steps_in_epoch=10)

    picture = curves_picture(points, ChartOptions(logarithmic=True), "svg").decode()

    assert all(f"<!-- {text} -->" in picture for text in ("0.022", "0.028", "1.35%", "1.45%"))


def test_runs_without_points_can_be_saved_as_a_picture() -> None:
    assert curves_picture(curve_points("owl", STEPS.head(0), HISTORY.head(0), 0), ChartOptions()).startswith(b"\x89PNG")


@given(st.floats(0, 200), st.integers(1, 200))
def test_axis_end_is_between_the_progress_and_the_last_epoch(progress: float, epochs: int) -> None:
    progress = min(progress, epochs)

    assert progress <= axis_end(progress, epochs) <= epochs


@pytest.mark.parametrize(("progress", "expected"), [(0, 1), (0.4, 1), (1.2, 2), (2.5, 5), (7, 10), (12, 15)])
def test_axis_end_grows_in_large_steps(progress: float, expected: int) -> None:
    assert axis_end(progress, 15) == expected
