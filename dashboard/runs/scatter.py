"""A scatter plot of all runs: any setting or metric against any metric."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from core.config import flatten_settings
from core.language import language, tr
from core.runs.summary import Summary
from dashboard.parts.vega_lite import POINTS, VegaLite, apply_layout, as_json, with_points
from dashboard.runs.metrics import METRICS
from dashboard.training.wording import SETTINGS, display_value

HEIGHT = 340
_GREY = "#7f8c89"
_MIN_LOG_RATIO = 20
"""Minimum ratio between the largest and the smallest value for a logarithmic scale."""


def results_table(rows: Sequence[Summary], names: dict[str, str]) -> pd.DataFrame:
    """Return a row for each run with a model: its name ("run"), its metrics, and its settings under their labels."""
    results = []
    for row in rows:
        if row.config is None or not row.has_model:
            continue
        settings = {SETTINGS[name].label: _value(name, value) for name, value in flatten_settings(row.config).items()}
        metrics = {name: metric.value(row) for name, metric in METRICS.items()}
        results.append({"run": names[row.id], **metrics, **settings})
    return pd.DataFrame(results)


def _value(name: str, value: object) -> object:
    return value if isinstance(value, int | float) else display_value(name, value)


def y_choices(table: pd.DataFrame) -> list[str]:
    """Return the choices for the y-axis: metrics that were measured for at least one run."""
    return [name for name in METRICS if table[name].notna().any()]


def x_choices(table: pd.DataFrame) -> list[str]:
    """Return the choices for the x-axis: the metrics, then the settings in which the runs differ."""
    settings = [name for name in table.columns if name != "run" and name not in METRICS]
    return y_choices(table) + [name for name in settings if table[name].nunique() > 1]


def default_x(table: pd.DataFrame, y: str) -> str:
    """Return the default for the x-axis: a setting in which the runs differ, or else a metric other than `y`."""
    choices = [name for name in x_choices(table) if name != y and table[name].nunique() > 1]
    # The dataset is not the default, because the shape of a point already shows it.
    settings = [name for name in choices if name == "Parameters" or name not in (*METRICS, SETTINGS["dataset"].label)]
    return next(iter([*settings, *choices]), "Parameters")


def scatter_chart(table: pd.DataFrame, x: str, y: str, selected: Collection[str]) -> VegaLite:
    """Plot a point for each run, coloured by preset and shaped by dataset; selected runs are larger."""
    points = pd.DataFrame(
        {
            "run": table["run"],
            "preset": table[SETTINGS["preset"].label],
            "data": table[SETTINGS["dataset"].label],
            "x": table[x],
            "y": table[y],
            "selected": table["run"].isin(list(selected)),
        }
    ).dropna()
    several_datasets = bool(points["data"].nunique() > 1)
    axes = _axis(x, points["x"]), _axis(y, points["y"])
    chart = _chart(*axes, several_datasets=several_datasets, language=language())
    return with_points(chart, points)


@dataclass(frozen=True)
class _Axis:
    """The English title of an axis, and the type of its values; values that are not numeric are text."""

    title: str
    numeric: bool
    integer: bool
    logarithmic: bool

    @property
    def is_metric(self) -> bool:
        return self.title in METRICS

    @property
    def is_fraction(self) -> bool:
        return self.is_metric and METRICS[self.title].is_fraction


def _axis(title: str, values: pd.Series) -> _Axis:
    numeric = pd.api.types.is_numeric_dtype(values)
    positive = numeric and len(values) > 0 and values.min() > 0
    logarithmic = positive and values.max() / values.min() >= _MIN_LOG_RATIO
    return _Axis(title, numeric, pd.api.types.is_integer_dtype(values), bool(logarithmic))


@lru_cache(maxsize=100)
def _chart(x: _Axis, y: _Axis, *, several_datasets: bool, language: str) -> str:  # noqa: ARG001 - part of the key
    """Return the chart without its data, as JSON."""
    legend = alt.Legend(orient="top")
    # The default colour is black, which is invisible on dark pages.
    shape_legend = alt.Legend(orient="top", symbolFillColor=_GREY, symbolStrokeColor=_GREY)
    dots = alt.Chart(alt.NamedData(POINTS)).mark_point(filled=True, opacity=0.85)
    encoded = dots.encode(
        x=alt.X(**_axis_options("x", x)),
        y=alt.Y(**_axis_options("y", y)),
        color=alt.Color("preset:N", title=tr("Preset"), legend=legend),
        # Each dataset has its own shape, because accuracies on different images must not be compared.
        shape=alt.Shape("data:N", title=tr("Tested on"), legend=shape_legend if several_datasets else None),
        size=alt.condition("datum.selected", alt.value(200), alt.value(80)),
        tooltip=[
            alt.Tooltip("run:N", title=tr("run")),
            _tooltip("x", x),
            _tooltip("y", y),
            alt.Tooltip("preset:N", title=tr("preset")),
            alt.Tooltip("data:N", title=tr("tested on")),
        ],
    )
    return as_json(apply_layout(encoded, HEIGHT))


def _axis_options(field: str, axis: _Axis) -> dict[str, Any]:
    if not axis.numeric:
        return {"shorthand": f"{field}:N", "title": tr(axis.title), "axis": alt.Axis(labelAngle=0, labelLimit=160)}
    if axis.logarithmic:
        scale = alt.Scale(type="log", nice=False, padding=30)
    else:
        scale = alt.Scale(zero=False, nice=True, padding=30)
    ticks = alt.Axis(
        format=_number_format(axis, fraction="~%", metric=",d"),
        tickCount=6,
        tickMinStep=1 if axis.integer else alt.Undefined,
        # The scale's padding extends beyond 100%, where a label would make no sense.
        labelExpr="datum.value > 1 ? '' : datum.label" if axis.is_fraction else alt.Undefined,
    )
    return {"shorthand": f"{field}:Q", "title": tr(axis.title), "scale": scale, "axis": ticks}


def _tooltip(field: str, axis: _Axis) -> alt.Tooltip:
    if not axis.numeric:
        return alt.Tooltip(f"{field}:N", title=tr(axis.title).lower())
    number_format = _number_format(axis, fraction=".2%", metric=",.0f")
    return alt.Tooltip(f"{field}:Q", title=tr(axis.title).lower(), format=number_format)


def _number_format(axis: _Axis, *, fraction: str, metric: str) -> str:
    """Return the format of an axis's numbers: `fraction` or `metric` for metrics, a general one for settings."""
    if axis.is_fraction:
        return fraction
    return metric if axis.is_metric else "~g"
