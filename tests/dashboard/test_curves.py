"""Learning curves: a run's tables become points, and points become charts."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.runs.run import HISTORY_COLUMNS, STEP_COLUMNS
from dashboard.curves import curve_points, horizon, overlaid_curves, training_curve

STEPS = pd.DataFrame(
    [(5, 1, 1.0, 2.0, 0.3, 2.1, 0.2, 900.0), (10, 1, 2.0, 1.0, 0.6, None, None, 900.0)], columns=list(STEP_COLUMNS)
)
HISTORY = pd.DataFrame([(1, 10, 2.0, 1.5, 0.5, 0.9, 0.7, 1e-3)], columns=list(HISTORY_COLUMNS))


def test_steps_become_shares_of_an_epoch() -> None:
    points = curve_points("owl", STEPS, HISTORY, steps_in_epoch=10)

    training = points[(points["split"] == "Training") & (points["every"] == "step")]
    assert training["epoch"].tolist() == [0.5, 1.0]
    assert training["loss"].tolist() == [2.0, 1.0]


def test_validation_line_goes_through_samples_and_whole_epochs() -> None:
    points = curve_points("owl", STEPS, HISTORY, steps_in_epoch=10)

    validation = points[(points["split"] == "Validation") & (points["every"] == "step")]
    assert validation["accuracy"].tolist() == [0.2, 0.7]


def test_run_without_rows_has_no_points_and_still_a_chart() -> None:
    empty = curve_points("owl", STEPS.head(0), HISTORY.head(0), steps_in_epoch=0)

    assert empty.empty
    assert training_curve(empty, "loss", 0, 1).to_dict()
    assert overlaid_curves(empty, "loss", 0).to_dict()


def test_long_runs_are_thinned() -> None:
    steps = pd.concat([STEPS.head(1).assign(step=step) for step in range(5000)])

    points = curve_points("owl", steps, HISTORY, steps_in_epoch=10)

    assert len(points) < 1000


def test_points_before_the_first_epoch_asked_for_are_left_out() -> None:
    points = curve_points("owl", STEPS, HISTORY, steps_in_epoch=10)

    chart = training_curve(points, "loss", first=1)

    assert chart.data["epoch"].min() == 1


@given(st.floats(0, 200), st.integers(1, 200))
def test_horizon_is_ahead_of_the_progress_and_within_the_training(progress: float, epochs: int) -> None:
    progress = min(progress, epochs)

    assert progress <= horizon(progress, epochs) <= epochs


@pytest.mark.parametrize(("progress", "expected"), [(0, 1), (0.4, 1), (1.2, 2), (2.5, 5), (7, 10), (12, 15)])
def test_horizon_moves_in_few_jumps(progress: float, expected: int) -> None:
    assert horizon(progress, 15) == expected
