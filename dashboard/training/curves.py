"""Learning curves as Vega-Lite charts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import altair as alt
import pandas as pd

from dashboard.parts.vega_lite import POINTS, VegaLite, as_json, laid_out, with_points
from dashboard.training.curve_points import TRAINING, VALIDATION, overlaid_points, shown_points
from dashboard.training.log_ticks import log_ticks
from dashboard.training.look import AXES, TITLES, Look, Measure

HEIGHT = 290
_MOST_DOTS = 600
"""With more dots, only lines are drawn."""
_MOST_NAMES = 24
"""A longer legend would be taller than the curves; the names are also shown on hover."""
_LEGEND_COLUMNS, _LEGEND_ROW = 3, 18
_HORIZONS = (1, 2, 5, 10, 20, 50, 100)


def horizon(progress: float, epochs: int) -> int:
    """Return the last epoch on the axis of a growing curve; it changes in large steps, so that the curve stays calm."""
    return min([step for step in _HORIZONS if progress <= step] + [epochs])


def training_curve(points: pd.DataFrame, measure: Measure, first: float, last: float | None = None) -> VegaLite:
    """A running training: a thin line through the steps and a dot at each epoch, for training and validation.

    The axis reaches from epoch `first` to `last`, or to the last point.
    """
    return _curves(points, measure, Look(first=first), "split", [TRAINING, VALIDATION], last)


def run_curve(points: pd.DataFrame, measure: Measure, look: Look) -> VegaLite:
    """One run, training and validation."""
    return _curves(points, measure, look, "split", [TRAINING, VALIDATION])


def overlaid_curves(points: pd.DataFrame, measure: Measure, look: Look, baseline: str | None = None) -> VegaLite:
    """Several runs in different colours: dots for the validation after each epoch, thin lines for the training.

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
    ticks = tuple(log_ticks(shown["value"])) if look.logarithmic else None
    dots = bool((shown["every"] == "epoch").sum() <= _MOST_DOTS)
    return with_points(_chart(measure, look, colour, tuple(names), last, baseline, ticks, dots), shown)


@lru_cache(maxsize=100)
def _chart(
    measure: Measure,
    look: Look,
    colour: Literal["split", "run"],
    names: tuple[str, ...],
    last: float | None,
    baseline: str | None,
    ticks: tuple[float, ...] | None,
    dots: bool,
) -> str:
    """The chart without its data, as JSON: Altair takes 0.1 s for it, and a page draws it every second.

    `ticks`: those of a logarithmic vertical axis, None on a linear one.
    """
    y = _y(measure, ticks)
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
        # The measured values, behind the smoothed line.
        measured = base.mark_line(strokeWidth=1, opacity=0.18).encode(detail=["run:N", "split:N"])
        layers.insert(0, measured.transform_filter("datum.every == 'step'"))
    if dots:
        layers.append(base.transform_filter(whole).mark_point(filled=True, size=45, opacity=1))
    rows = -(-len(names) // _LEGEND_COLUMNS) if len(names) <= _MOST_NAMES else 0
    hover = _values_on_hover(base.encode(y=alt.Y("line:Q", **y)), measure, look)
    return as_json(laid_out(alt.LayerChart(layer=[*layers, hover]), HEIGHT + rows * _LEGEND_ROW))


def _x(look: Look, last: float | None) -> alt.X:
    # Steps and seconds before the first epoch are hidden with it.
    start = look.first if look.axis == "epoch" else 0.0
    whole = alt.Scale(domainMin=start, nice=False) if last is None else alt.Scale(domain=[start, last], nice=False)
    if look.axis == "epoch":
        return alt.X("epoch:Q", title="Epoch", scale=whole, axis=alt.Axis(format="d", tickMinStep=1, grid=False))
    scale = alt.Scale(zero=not look.first, nice=False)
    return alt.X(f"{look.axis}:Q", title=AXES[look.axis], scale=scale, axis=alt.Axis(format="~s", grid=False))


def _y(measure: Measure, ticks: Sequence[float] | None) -> dict[str, Any]:
    """The vertical axis; `ticks` are those of a logarithmic one."""
    scale = alt.Scale(zero=False, nice=True) if ticks is None else alt.Scale(type="log", nice=False, padding=8)
    # A fixed width: the plot must not move when labels get longer.
    labels = alt.Axis(format="~g" if measure == "loss" else "~%", minExtent=48, maxExtent=48, tickCount=6)
    if ticks:
        labels = alt.Axis(format="~g" if measure == "loss" else "~%", minExtent=48, maxExtent=48, values=list(ticks))
    return {"title": None, "scale": scale, "axis": labels}


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
    """The point nearest to the mouse, with its values."""
    # Fixed names: Altair numbers its own, and a chart with other names is redrawn instead of updated.
    nearest = alt.selection_point(name="nearest", on="pointerover", clear="pointerout", nearest=True, empty=False)
    number = ".4f" if measure == "loss" else ".2%"
    smooth = [alt.Tooltip("line:Q", title="smoothed", format=number)] if look.smoothing else []
    return (
        base.mark_point(filled=True, size=70)
        .encode(
            opacity=alt.condition(nearest, alt.value(1), alt.value(0)),
            tooltip=[
                alt.Tooltip("run:N", title="run"),
                alt.Tooltip("split:N", title="split"),
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
