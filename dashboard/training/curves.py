"""Learning curves: what a run wrote while it trained, as Vega-Lite charts; knows nothing of Streamlit."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import altair as alt
import pandas as pd

from dashboard.parts.charts import POINTS, VegaLite, as_json, laid_out, with_points
from dashboard.training.curve_points import TRAINING, VALIDATION, overlaid_points

Measure = Literal["loss", "accuracy", "error"]
MEASURES: tuple[Measure, ...] = ("loss", "accuracy")
Axis = Literal["epoch", "step", "seconds"]
AXES: dict[Axis, str] = {"epoch": "Epochs", "step": "Steps", "seconds": "Seconds"}
TITLES: dict[Measure, str] = {"loss": "Loss", "accuracy": "Accuracy", "error": "Error (1 − accuracy)"}

HEIGHT = 290
_MOST_DOTS = 600
"""With more dots than these, curves are lines alone."""
_MOST_NAMES = 24
"""A longer legend would be higher than the curves; names stand where the mouse points, too."""
_LEGEND_COLUMNS, _LEGEND_ROW = 3, 18
_MOST_MARKS = 8
_MARKS = ((1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,))
"""By what powers of ten are multiplied to become the labels of a logarithmic axis, from many labels to few."""
_FEWEST_MARKS = 3
_STEPS = (5, 2, 1)
"""The same for the distance of even labels, from few labels to many."""
_HORIZONS = (1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True)
class Look:
    """How curves are drawn: over what, how smooth (0..0.99), on a logarithmic scale or not, from which epoch on."""

    axis: Axis = "epoch"
    smoothing: float = 0.0
    logarithmic: bool = False
    first: float = 0.0

    @property
    def measures(self) -> tuple[Measure, Measure]:
        """What is drawn; on a logarithmic scale the error, as accuracies near 1 would all lie on one line."""
        return ("loss", "error") if self.logarithmic else ("loss", "accuracy")


def horizon(progress: float, epochs: int) -> int:
    """The epoch at which a growing curve's axis ends: steady for a while, so that the curve does not squirm."""
    return min([step for step in _HORIZONS if progress <= step] + [epochs])


def training_curve(points: pd.DataFrame, measure: Measure, first: float, last: float | None = None) -> VegaLite:
    """One run at work: training and validation, a thin line through the steps and a dot at each epoch.

    The axis reaches from epoch `first` to `last`, or to the last point.
    """
    return _curves(points, measure, Look(first=first), "split", [TRAINING, VALIDATION], last)


def run_curve(points: pd.DataFrame, measure: Measure, look: Look) -> VegaLite:
    """One run, training and validation, in any look."""
    return _curves(points, measure, look, "split", [TRAINING, VALIDATION])


def overlaid_curves(points: pd.DataFrame, measure: Measure, look: Look, baseline: str | None = None) -> VegaLite:
    """Several runs, a colour each: a dot for the validation after each epoch, a thin line for the training.

    The lines of the run named `baseline` are dashed.
    """
    names = list(points["run"].unique())
    return _curves(overlaid_points(points), measure, look, "run", names, baseline=baseline)


def _curves(
    points: pd.DataFrame,
    measure: Measure,
    look: Look,
    colour: Literal["split", "run"],
    names: Sequence[str],
    last: float | None = None,
    baseline: str | None = None,
) -> VegaLite:
    shown = shown_points(points, measure, look)
    marks = tuple(log_marks(shown["value"])) if look.logarithmic else None
    dots = bool((shown["every"] == "epoch").sum() <= _MOST_DOTS)
    return with_points(_chart(measure, look, colour, tuple(names), last, baseline, marks, dots), shown)


@lru_cache(maxsize=100)
def _chart(
    measure: Measure,
    look: Look,
    colour: Literal["split", "run"],
    names: tuple[str, ...],
    last: float | None,
    baseline: str | None,
    marks: tuple[float, ...] | None,
    dots: bool,
) -> str:
    """The chart without its data, as JSON; Altair takes a tenth of a second for it, and a page draws it every second.

    `marks`: the labels of a logarithmic upright axis, None where it is none.
    """
    y = _y(measure, marks)
    base = alt.Chart(alt.NamedData(POINTS)).encode(
        x=_x(look, last), y=alt.Y("value:Q", **y), color=_colour(colour, names)
    )
    lines = base.encode(y=alt.Y("line:Q", **y), detail="run:N")
    if baseline is not None:
        named = f"datum.run === {json.dumps(baseline)}"
        lines = lines.encode(strokeDash=alt.condition(named, alt.value([6, 4]), alt.value([1, 0])))
    steps = lines.transform_filter("datum.every == 'step'")
    whole = "datum.every == 'epoch'"
    layers = [steps.mark_line(strokeWidth=1.2, opacity=0.55), lines.transform_filter(whole).mark_line(strokeWidth=2)]
    if look.smoothing:
        # What was measured, behind what was smoothed.
        measured = base.mark_line(strokeWidth=1, opacity=0.18).encode(detail=["run:N", "split:N"])
        layers.insert(0, measured.transform_filter("datum.every == 'step'"))
    if dots:
        layers.append(base.transform_filter(whole).mark_point(filled=True, size=45, opacity=1))
    rows = -(-len(names) // _LEGEND_COLUMNS) if len(names) <= _MOST_NAMES else 0
    hover = _values_on_hover(base.encode(y=alt.Y("line:Q", **y)), measure, look)
    return as_json(laid_out(alt.LayerChart(layer=[*layers, hover]), HEIGHT + rows * _LEGEND_ROW))


def shown_points(points: pd.DataFrame, measure: Measure, look: Look) -> pd.DataFrame:
    """The points that are drawn: `value` as it was measured, `line` as it is drawn."""
    column = "loss" if measure == "loss" else "accuracy"
    value, line = points[column].astype(float), points[f"{column}_line"].astype(float)
    if measure == "error":
        value, line = 1.0 - value, 1.0 - line
    table = points[["run", "split", "every", *AXES]].assign(value=value, line=line)
    wanted = table["epoch"] >= look.first
    # Training's mean over an epoch stands at its end; the one over the epoch left out is left out with it.
    wanted &= (table["epoch"] > look.first) | (table["split"] != TRAINING) | (table["every"] != "epoch")
    if look.logarithmic:  # which has no place for 0
        wanted &= (table["value"] > 0) & (table["line"] > 0)
    return table[wanted]


def _x(look: Look, last: float | None) -> alt.X:
    # Seconds and steps before the first epoch asked for are left out with it.
    start = look.first if look.axis == "epoch" else 0.0
    whole = alt.Scale(domainMin=start, nice=False) if last is None else alt.Scale(domain=[start, last], nice=False)
    if look.axis == "epoch":
        return alt.X("epoch:Q", title="Epoch", scale=whole, axis=alt.Axis(format="d", tickMinStep=1, grid=False))
    scale = alt.Scale(zero=not look.first, nice=False)
    return alt.X(f"{look.axis}:Q", title=AXES[look.axis], scale=scale, axis=alt.Axis(format="~s", grid=False))


def _y(measure: Measure, marks: Sequence[float] | None) -> dict[str, Any]:
    """How the upright axis looks; on a logarithmic one, `marks` are its labels."""
    scale = alt.Scale(zero=False, nice=True) if marks is None else alt.Scale(type="log", nice=False, padding=8)
    # A fixed width for the labels: the plot must not move when they get longer.
    labels = alt.Axis(format="~g" if measure == "loss" else "~%", minExtent=48, maxExtent=48, tickCount=6)
    if marks:
        labels = alt.Axis(format="~g" if measure == "loss" else "~%", minExtent=48, maxExtent=48, values=list(marks))
    return {"title": None, "scale": scale, "axis": labels}


def log_marks(values: pd.Series) -> list[float]:
    """Round numbers between the least and the greatest value, above 0: as many as a logarithmic axis has room for.

    Three to eight of them; the least value alone where all are the same but for a ten-thousandth.
    """
    if values.empty:
        return []
    low, high = float(values.min()), float(values.max())
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    inside: list[float] = []
    for factors in _MARKS:
        marks = [float(f"{factor}e{power}") for power in powers for factor in factors]
        inside = [mark for mark in marks if low <= mark <= high]
        if len(inside) <= _MOST_MARKS:
            break
    if len(inside) < _FEWEST_MARKS:
        return _even_marks(low, high)
    return inside[:: math.ceil(len(inside) / _MOST_MARKS)]


def _even_marks(low: float, high: float) -> list[float]:
    """Multiples of one, two or five times a power of ten: so near to each other, logarithms are all but even."""
    # Labels have six digits.
    if math.isclose(low, high, rel_tol=1e-4):
        return [low]
    largest = math.floor(math.log10(high - low))
    inside: list[float] = []
    for power, factor in itertools.product((largest, largest - 1), _STEPS):
        step = float(f"{factor}e{power}")
        multiples = range(math.ceil(low / step), math.floor(high / step) + 1)
        marks = [float(f"{multiple * factor}e{power}") for multiple in multiples]
        inside = [mark for mark in marks if low <= mark <= high]
        if len(inside) >= _FEWEST_MARKS:
            break
    return inside


def _colour(colour: Literal["split", "run"], names: Sequence[str]) -> alt.Color:
    legend = alt.Legend(
        orient="top", symbolType="stroke", symbolStrokeWidth=3, symbolOpacity=1, columns=_LEGEND_COLUMNS, labelLimit=220
    )
    return alt.Color(
        f"{colour}:N",
        title=None,
        scale=alt.Scale(domain=list(names)),
        legend=legend if len(names) <= _MOST_NAMES else None,
    )


def _values_on_hover(base: alt.Chart, measure: Measure, look: Look) -> alt.Chart:
    """The point of a line that is nearest to the mouse, and what was measured there."""
    # Names of our own: Altair counts them, and a chart that is another each time is drawn anew instead of updated.
    nearest = alt.selection_point(name="nearest", on="pointerover", clear="pointerout", nearest=True, empty=False)
    number = ".4f" if measure == "loss" else ".2%"
    smooth = [alt.Tooltip("line:Q", title="smoothed", format=number)] if look.smoothing else []
    return (
        base.mark_point(filled=True, size=70)
        .encode(
            opacity=alt.condition(nearest, alt.value(1), alt.value(0)),
            tooltip=[
                alt.Tooltip("run:N", title="run"),
                alt.Tooltip("split:N", title="on"),
                alt.Tooltip("value:Q", title=TITLES[measure].lower(), format=number),
                *smooth,
                alt.Tooltip("epoch:Q", title="epoch", format=".2f"),
                alt.Tooltip("step:Q", title="step", format=",.0f"),
                alt.Tooltip("seconds:Q", title="seconds", format=",.1f"),
            ],
        )
        .add_params(nearest)
        .properties(name="values")
    )
