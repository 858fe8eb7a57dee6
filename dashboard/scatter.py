"""What a setting does: any setting or figure of many runs against any of their results, as an Altair chart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import altair as alt
import pandas as pd

from core.config import flattened
from core.runs.registry import Summary
from dashboard.charts import laid_out
from dashboard.run_figures import FIGURES
from dashboard.training_form import SETTINGS, in_words

HEIGHT = 340
_GREY = "#7f8c89"
_WIDE = 20
"""Positive numbers whose greatest is so many times the least lie on a logarithmic scale."""


def figures(rows: Sequence[Summary], names: dict[str, str]) -> pd.DataFrame:
    """A row for each run with a model: its name ("run"), its figures, and its settings under their labels."""
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
    """What may lie along the horizontal axis: figures that were measured, then settings in which the runs differ."""
    settings = [name for name in table.columns if name != "run" and name not in FIGURES]
    return [name for name in FIGURES if table[name].notna().any()] + [
        name for name in settings if table[name].nunique() > 1
    ]


def first_across(table: pd.DataFrame, up: str) -> str:
    """What lies across before anybody chose: what the runs were told and differ in, else a figure beside `up`."""
    choices = [name for name in across(table) if name != up and table[name].nunique() > 1]
    # The data are seen by the points' shapes.
    told = [name for name in choices if name == "Parameters" or name not in (*FIGURES, SETTINGS["dataset"].label)]
    return next(iter([*told, *choices]), "Parameters")


def scatter_chart(table: pd.DataFrame, x: str, y: str, ticked: Collection[str]) -> alt.Chart:
    """A point for each run, a colour for each preset, a shape for each dataset; those named in `ticked` are larger."""
    points = pd.DataFrame(
        {
            "run": table["run"],
            "preset": table[SETTINGS["preset"].label],
            "data": table[SETTINGS["dataset"].label],
            "x": table[x],
            "y": table[y],
            "ticked": table["run"].isin(list(ticked)),
        }
    ).dropna()
    dots = alt.Chart(points).mark_point(filled=True, opacity=0.85)
    legend = alt.Legend(orient="top")
    # Black by themselves, also on dark pages.
    shapes = alt.Legend(orient="top", symbolFillColor=_GREY, symbolStrokeColor=_GREY)
    encoded = dots.encode(
        x=alt.X(**_place("x", x, points["x"])),
        y=alt.Y(**_place("y", y, points["y"])),
        color=alt.Color("preset:N", title="Preset", legend=legend),
        # Accuracies on different images are not to be compared.
        shape=alt.Shape("data:N", title="Tested on", legend=shapes if points["data"].nunique() > 1 else None),
        size=alt.condition("datum.ticked", alt.value(200), alt.value(80)),
        tooltip=[
            alt.Tooltip("run:N", title="run"),
            _tooltip("x", x, points["x"]),
            _tooltip("y", y, points["y"]),
            alt.Tooltip("preset:N", title="preset"),
            alt.Tooltip("data:N", title="tested on"),
        ],
    )
    return laid_out(encoded, HEIGHT)


def _place(field: str, title: str, values: pd.Series) -> dict[str, Any]:
    if not pd.api.types.is_numeric_dtype(values):
        return {"shorthand": f"{field}:N", "title": title, "axis": alt.Axis(labelAngle=0, labelLimit=160)}
    wide = len(values) > 0 and values.min() > 0 and values.max() / values.min() >= _WIDE
    scale = alt.Scale(type="log", padding=30) if wide else alt.Scale(zero=False, nice=True, padding=30)
    whole = pd.api.types.is_integer_dtype(values)
    axis = alt.Axis(format=_short(title), tickCount=6, tickMinStep=1 if whole else alt.Undefined)
    return {"shorthand": f"{field}:Q", "title": title, "scale": scale, "axis": axis}


def _is_share(title: str) -> bool:
    return title in FIGURES and FIGURES[title].share


def _short(title: str) -> str:
    return "~%" if _is_share(title) else ",d" if title in FIGURES else "~g"


def _tooltip(field: str, title: str, values: pd.Series) -> alt.Tooltip:
    if not pd.api.types.is_numeric_dtype(values):
        return alt.Tooltip(f"{field}:N", title=title.lower())
    number = ".2%" if _is_share(title) else ",.0f" if title in FIGURES else "~g"
    return alt.Tooltip(f"{field}:Q", title=title.lower(), format=number)
