"""Learning curves: what a run wrote while it trained, as Altair charts; knows nothing of Streamlit."""

from __future__ import annotations

import math
from typing import Literal

import altair as alt
import pandas as pd

Measure = Literal["loss", "accuracy"]
MEASURES: tuple[Measure, ...] = ("loss", "accuracy")

HEIGHT = 300
TRAINING, VALIDATION = "Training", "Validation"
_THIN_POINTS = 400
"""Most points of a thin line: more than a screen shows, few enough to be sent every second."""
_HORIZONS = (1, 2, 5, 10, 20, 50, 100)
_COLUMNS = ["run", "split", "every", "epoch", "loss", "accuracy"]


def curve_points(run: str, steps: pd.DataFrame, history: pd.DataFrame, steps_in_epoch: int) -> pd.DataFrame:
    """All points of a run's curves, in columns run, split, every ("step" or "epoch"), epoch, loss, accuracy.

    `steps` and `history` are a run's tables; `epoch` becomes a position: 1.5 is half-way through the second epoch.
    """
    parts = [
        _part(run, TRAINING, "step", steps, ""),
        # A line through both: after an epoch the whole split was looked at, in between a sample of it.
        _part(run, VALIDATION, "step", steps, "val_"),
        _part(run, VALIDATION, "step", history, "val_"),
        _part(run, TRAINING, "epoch", history, ""),
        _part(run, VALIDATION, "epoch", history, "val_"),
    ]
    filled = [part for part in parts if len(part)]
    if not filled:
        return pd.DataFrame(columns=_COLUMNS)
    points = pd.concat(filled, ignore_index=True)
    return points.assign(epoch=points["epoch"] / max(steps_in_epoch, 1))


def _part(run: str, split: str, every: str, table: pd.DataFrame, prefix: str) -> pd.DataFrame:
    measured = table.dropna(subset=[f"{prefix}loss", f"{prefix}accuracy"])
    thinned = measured.iloc[:: max(1, math.ceil(len(measured) / _THIN_POINTS))]
    return pd.DataFrame(
        {
            "run": run,
            "split": split,
            "every": every,
            "epoch": thinned["step"],
            "loss": thinned[f"{prefix}loss"],
            "accuracy": thinned[f"{prefix}accuracy"],
        }
    )


def horizon(progress: float, epochs: int) -> int:
    """The epoch at which a growing curve's axis ends: steady for a while, so that the curve does not squirm."""
    return min([step for step in _HORIZONS if progress <= step] + [epochs])


def training_curve(points: pd.DataFrame, measure: Measure, first: float, last: float | None = None) -> alt.LayerChart:
    """One run: training and validation, a thin line through the steps and a dot at each epoch.

    The axis reaches from epoch `first` to `last`, or to the last point.
    """
    return _curves(points, measure, "split", [TRAINING, VALIDATION], first, last)


def overlaid_curves(points: pd.DataFrame, measure: Measure, first: float) -> alt.LayerChart:
    """Several runs, a colour each: a dot for the validation after each epoch, a thin line for the training."""
    fitting = (points["split"] == VALIDATION) == (points["every"] == "epoch")
    return _curves(points[fitting], measure, "run", list(points["run"].unique()), first)


def _curves(
    points: pd.DataFrame,
    measure: Measure,
    colour: Literal["split", "run"],
    names: list[str],
    first: float,
    last: float | None = None,
) -> alt.LayerChart:
    epochs = alt.Scale(domainMin=first, nice=False) if last is None else alt.Scale(domain=[first, last], nice=False)
    shown = points[points["epoch"] >= first]
    base = alt.Chart(shown).encode(
        x=alt.X("epoch:Q", title="Epoch", scale=epochs, axis=alt.Axis(format="d", tickMinStep=1, grid=False)),
        y=alt.Y(
            f"{measure}:Q",
            title=None,
            scale=alt.Scale(zero=False, nice=True),
            # A fixed width for the labels: the plot must not move when they get longer.
            axis=alt.Axis(format="~%" if measure == "accuracy" else "~g", minExtent=48, maxExtent=48, tickCount=6),
        ),
        color=alt.Color(
            f"{colour}:N",
            title=None,
            scale=alt.Scale(domain=names),
            legend=alt.Legend(orient="top", symbolType="stroke", symbolStrokeWidth=3, symbolOpacity=1, columns=3),
        ),
        tooltip=[
            alt.Tooltip(f"{colour}:N", title=colour),
            alt.Tooltip("split:N"),
            alt.Tooltip("epoch:Q", format=".2f"),
            alt.Tooltip(f"{measure}:Q", format=".2%" if measure == "accuracy" else ".4f"),
        ],
    )
    steps = base.transform_filter("datum.every == 'step'")
    dots = base.transform_filter("datum.every == 'epoch'")
    return (
        steps.mark_line(strokeWidth=1.2, opacity=0.55)
        + dots.mark_line(strokeWidth=2)
        + dots.mark_point(filled=True, size=45, opacity=1)
    ).properties(height=HEIGHT)
