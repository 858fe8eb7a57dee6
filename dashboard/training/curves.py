"""Learning curves as Vega-Lite charts."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import altair as alt
import pandas as pd

from core.language import Message, language, tr
from dashboard.parts.vega_lite import POINTS, VegaLite, apply_layout, as_json, with_points
from dashboard.training.chart_options import AXES, ChartOptions, CurveMetric
from dashboard.training.curve_points import TRAINING, VALIDATION, overlaid_points, shown_points
from dashboard.training.log_ticks import log_ticks

HEIGHT = 290
"""Height of a chart in pixels, without its legend."""
_MAX_DOTS = 600
"""Maximum number of dots, one for each epoch; with more epochs, only lines are drawn."""
_MAX_LEGEND_NAMES = 24
"""Maximum number of names in a legend. A longer legend would be taller than the curves; names also show on hover."""
_LEGEND_COLUMNS = 3
_LEGEND_ROW_PIXELS = 18
_AXIS_ENDS = (1, 2, 5, 10, 20, 50, 100)
_SPLITS = {TRAINING: Message("Training"), VALIDATION: Message("Validation")}
_METRICS: dict[CurveMetric, Message] = {
    "loss": Message("loss"),
    "accuracy": Message("accuracy"),
    "error": Message("error (1 − accuracy)"),
}


def axis_end(progress: float, epochs: int) -> int:
    """Return the last epoch on the x-axis of a live chart.

    The axis grows in large steps so that the curve doesn't keep rescaling.
    """
    return min([end for end in _AXIS_ENDS if progress <= end] + [epochs])


def training_curve(
    points: pd.DataFrame,
    metric: CurveMetric,
    first_epoch: float,
    last_epoch: float | None = None,
    height: int = HEIGHT,
) -> VegaLite:
    """Chart a run in progress: a thin line through the steps and a dot for each epoch, for training and validation.

    The x-axis ends at `last_epoch`, or at the last point. `height`: in pixels, without the legend.
    """
    options = ChartOptions(first_epoch=first_epoch)
    return _curves(points, metric, options, "split", [TRAINING, VALIDATION], last_epoch, height=height)


def run_curve(points: pd.DataFrame, metric: CurveMetric, options: ChartOptions) -> VegaLite:
    """Chart one run, training and validation."""
    return _curves(points, metric, options, "split", [TRAINING, VALIDATION])


def overlaid_curves(
    points: pd.DataFrame, metric: CurveMetric, options: ChartOptions, baseline: str | None = None
) -> VegaLite:
    """Chart several runs in different colours: dots for validation after each epoch, thin lines for training.

    The lines of the run named `baseline` are dashed.
    """
    names = list(points["run"].unique())
    return _curves(overlaid_points(points), metric, options, "run", names, baseline=baseline)


def _curves(
    points: pd.DataFrame,
    metric: CurveMetric,
    options: ChartOptions,
    colour: Literal["split", "run"],
    names: Sequence[str],
    last_epoch: float | None = None,
    baseline: str | None = None,
    height: int = HEIGHT,
) -> VegaLite:
    shown = shown_points(points, metric, options)
    ticks = tuple(log_ticks(shown["value"])) if options.logarithmic else None
    if last_epoch is None and shown["epoch"].max() < 1:  # the axis labels only whole epochs
        last_epoch = 1.0
    dots = bool((shown["granularity"] == "epoch").sum() <= _MAX_DOTS)
    splits = {name: tr(title) for name, title in _SPLITS.items()}
    shown = shown.assign(split=shown["split"].replace(splits))
    colours = tuple(splits[name] for name in names) if colour == "split" else tuple(names)
    chart = _chart(metric, options, colour, colours, last_epoch, baseline, ticks, dots, height, language())
    return with_points(chart, shown)


@lru_cache(maxsize=100)
def _chart(
    metric: CurveMetric,
    options: ChartOptions,
    colour: Literal["split", "run"],
    names: tuple[str, ...],
    last_epoch: float | None,
    baseline: str | None,
    ticks: tuple[float, ...] | None,
    dots: bool,
    height: int,
    language: str,  # noqa: ARG001 - part of the key
) -> str:
    """Return the chart without its data, as JSON.

    The chart is cached, because Altair takes 0.1 s to build it and a page redraws it every second. `ticks`: the ticks
    of a logarithmic y-axis, or None for a linear one.
    """
    y = _y(metric, ticks)
    base = alt.Chart(alt.NamedData(POINTS)).encode(
        x=_x(options, last_epoch), y=alt.Y("value:Q", **y), color=_colour(colour, names)
    )
    lines = base.encode(y=alt.Y("line:Q", **y), detail="run:N")
    if baseline is not None:
        is_baseline = f"datum.run === {json.dumps(baseline)}"
        lines = lines.encode(strokeDash=alt.condition(is_baseline, alt.value([6, 4]), alt.value([1, 0])))
    is_step, is_epoch = "datum.granularity == 'step'", "datum.granularity == 'epoch'"
    layers = [
        lines.transform_filter(is_step).mark_line(strokeWidth=1.2, opacity=0.55),
        lines.transform_filter(is_epoch).mark_line(strokeWidth=2),
    ]
    if options.smoothing:
        # The measured values are drawn behind the smoothed line.
        measured = base.mark_line(strokeWidth=1, opacity=0.18).encode(detail=["run:N", "split:N"])
        layers.insert(0, measured.transform_filter(is_step))
    if dots:
        layers.append(base.transform_filter(is_epoch).mark_point(filled=True, size=45, opacity=1))
    layers.append(_hover_layer(base.encode(y=alt.Y("line:Q", **y)), metric, options))
    return as_json(apply_layout(alt.LayerChart(layer=layers), height + _legend_height(names)))


def _legend_height(names: Sequence[str]) -> int:
    if len(names) > _MAX_LEGEND_NAMES:
        return 0
    return math.ceil(len(names) / _LEGEND_COLUMNS) * _LEGEND_ROW_PIXELS


def _x(options: ChartOptions, last_epoch: float | None) -> alt.X:
    start = options.first_epoch
    if options.axis != "epoch":
        # If the first epoch is hidden, so are its steps and seconds, and the axis need not begin at 0.
        scale = alt.Scale(zero=not start, nice=False)
        number_format = "~s" if options.axis == "step" else ",~r"  # 20k steps, but not 500m seconds
        axis = alt.Axis(format=number_format, grid=False)
        return alt.X(f"{options.axis}:Q", title=tr(AXES[options.axis]), scale=scale, axis=axis)
    if last_epoch is None:
        scale = alt.Scale(domainMin=start, nice=False)
    else:
        scale = alt.Scale(domain=[start, last_epoch], nice=False)
    return alt.X("epoch:Q", title=tr("Epoch"), scale=scale, axis=alt.Axis(format="d", tickMinStep=1, grid=False))


def _y(metric: CurveMetric, ticks: Sequence[float] | None) -> dict[str, Any]:
    """Return the options of the y-axis; `ticks` is None for a linear scale."""
    scale = alt.Scale(zero=False, nice=True) if ticks is None else alt.Scale(type="log", nice=False, padding=8)
    axis = alt.Axis(
        format="~g" if metric == "loss" else "~%",
        # A fixed width, so that the plot does not move when the labels get longer.
        minExtent=48,
        maxExtent=48,
        values=list(ticks) if ticks else alt.Undefined,
        tickCount=alt.Undefined if ticks else 6,
    )
    return {"title": None, "scale": scale, "axis": axis}


def _colour(colour: Literal["split", "run"], names: Sequence[str]) -> alt.Color:
    legend = alt.Legend(
        orient="top", symbolType="stroke", symbolStrokeWidth=3, symbolOpacity=1, columns=_LEGEND_COLUMNS, labelLimit=220
    )
    return alt.Color(
        f"{colour}:N",
        title=None,
        scale=alt.Scale(domain=list(names)),
        legend=legend if len(names) <= _MAX_LEGEND_NAMES else None,
    )


def _hover_layer(base: alt.Chart, metric: CurveMetric, options: ChartOptions) -> alt.Chart:
    """Show the values of the point nearest to the mouse."""
    # Altair would generate a new name each time, and if a name changes, the browser rebuilds the chart instead of
    # updating it.
    nearest = alt.selection_point(name="nearest", on="pointerover", clear="pointerout", nearest=True, empty=False)
    number_format = ".4f" if metric == "loss" else ".2%"
    smoothed = [alt.Tooltip("line:Q", title=tr("smoothed"), format=number_format)] if options.smoothing else []
    return (
        base.mark_point(filled=True, size=70)
        .encode(
            opacity=alt.condition(nearest, alt.value(1), alt.value(0)),
            tooltip=[
                alt.Tooltip("run:N", title=tr("run")),
                alt.Tooltip("split:N", title=tr("split")),
                alt.Tooltip("value:Q", title=tr(_METRICS[metric]), format=number_format),
                *smoothed,
                alt.Tooltip("epoch:Q", title=tr("epoch"), format=".2f"),
                alt.Tooltip("step:Q", title=tr("step"), format=",.0f"),
                alt.Tooltip("seconds:Q", title=tr("seconds"), format=",.1f"),
            ],
        )
        .add_params(nearest)
        .properties(name="values")
    )
