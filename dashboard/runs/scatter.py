"""Settings and figures of all runs against their results, as a Vega-Lite chart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from core.config import flattened
from core.runs.summary import Summary
from dashboard.parts.vega_lite import POINTS, VegaLite, as_json, laid_out, with_points
from dashboard.runs.figures import FIGURES
from dashboard.training.wording import SETTINGS, in_words

HEIGHT = 340
_GREY = "#7f8c89"
_WIDE = 20
"""Smallest ratio between the largest and the smallest value for a logarithmic scale."""


def figures(rows: Sequence[Summary], names: dict[str, str]) -> pd.DataFrame:
    """Return a row for each run with a model: its name ("run"), its figures, and its settings under their labels."""
    found = []
    for row in rows:
        if row.config is None or not row.has_model:
            continue
        settings = {SETTINGS[name].label: _value(name, value) for name, value in flattened(row.config).items()}
        found.append(
            {"run": names[row.id], **{name: figure.value(row) for name, figure in FIGURES.items()}, **settings}
        )
    return pd.DataFrame(found)


def _value(name: str, value: object) -> object:
    return value if isinstance(value, int | float) else in_words(name, value)


def across(table: pd.DataFrame) -> list[str]:
    """Return the choices for the horizontal axis: measured figures, then settings in which the runs differ."""
    settings = [name for name in table.columns if name != "run" and name not in FIGURES]
    return [name for name in FIGURES if table[name].notna().any()] + [
        name for name in settings if table[name].nunique() > 1
    ]


def first_across(table: pd.DataFrame, up: str) -> str:
    """Return the default of the horizontal axis: a setting in which the runs differ, else another figure than `up`."""
    choices = [name for name in across(table) if name != up and table[name].nunique() > 1]
    # The shape of a point shows its data.
    settings = [name for name in choices if name == "Parameters" or name not in (*FIGURES, SETTINGS["dataset"].label)]
    return next(iter([*settings, *choices]), "Parameters")


def scatter_chart(table: pd.DataFrame, x: str, y: str, selected: Collection[str]) -> VegaLite:
    """A point for each run, coloured by preset and shaped by dataset; selected runs are larger."""
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
    chart = _chart(_axis(x, points["x"]), _axis(y, points["y"]), several=bool(points["data"].nunique() > 1))
    return with_points(chart, points)


@dataclass(frozen=True)
class _Axis:
    """The values on an axis: numbers, perhaps integers or on a logarithmic scale (`wide`), or words."""

    title: str
    numbers: bool
    whole: bool
    wide: bool

    @property
    def is_share(self) -> bool:
        return self.title in FIGURES and FIGURES[self.title].share


def _axis(title: str, values: pd.Series) -> _Axis:
    numbers = pd.api.types.is_numeric_dtype(values)
    wide = numbers and len(values) > 0 and values.min() > 0 and values.max() / values.min() >= _WIDE
    return _Axis(title, numbers, pd.api.types.is_integer_dtype(values), bool(wide))


@lru_cache(maxsize=100)
def _chart(x: _Axis, y: _Axis, *, several: bool) -> str:
    """The chart without its data. `several`: the runs have several datasets."""
    legend = alt.Legend(orient="top")
    # The default is black, which dark pages hide.
    shapes = alt.Legend(orient="top", symbolFillColor=_GREY, symbolStrokeColor=_GREY)
    dots = alt.Chart(alt.NamedData(POINTS)).mark_point(filled=True, opacity=0.85)
    encoded = dots.encode(
        x=alt.X(**_place("x", x)),
        y=alt.Y(**_place("y", y)),
        color=alt.Color("preset:N", title="Preset", legend=legend),
        # Accuracies on different images must not be compared.
        shape=alt.Shape("data:N", title="Tested on", legend=shapes if several else None),
        size=alt.condition("datum.selected", alt.value(200), alt.value(80)),
        tooltip=[
            alt.Tooltip("run:N", title="run"),
            _tooltip("x", x),
            _tooltip("y", y),
            alt.Tooltip("preset:N", title="preset"),
            alt.Tooltip("data:N", title="tested on"),
        ],
    )
    return as_json(laid_out(encoded, HEIGHT))


def _place(field: str, axis: _Axis) -> dict[str, Any]:
    if not axis.numbers:
        return {"shorthand": f"{field}:N", "title": axis.title, "axis": alt.Axis(labelAngle=0, labelLimit=160)}
    scale = alt.Scale(type="log", nice=False, padding=30) if axis.wide else alt.Scale(zero=False, nice=True, padding=30)
    # The padding of the scale reaches beyond 100%, which needs no label.
    label = "datum.value > 1 ? '' : datum.label" if axis.is_share else alt.Undefined
    ticks = alt.Axis(format=_short(axis), tickCount=6, tickMinStep=1 if axis.whole else alt.Undefined, labelExpr=label)
    return {"shorthand": f"{field}:Q", "title": axis.title, "scale": scale, "axis": ticks}


def _short(axis: _Axis) -> str:
    return "~%" if axis.is_share else ",d" if axis.title in FIGURES else "~g"


def _tooltip(field: str, axis: _Axis) -> alt.Tooltip:
    if not axis.numbers:
        return alt.Tooltip(f"{field}:N", title=axis.title.lower())
    number = ".2%" if axis.is_share else ",.0f" if axis.title in FIGURES else "~g"
    return alt.Tooltip(f"{field}:Q", title=axis.title.lower(), format=number)
