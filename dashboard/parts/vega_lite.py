"""Charts as Vega-Lite JSON, which are built once and then shown with changing data."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import altair as alt
import pandas as pd

from core.language import separators

_Chart = TypeVar("_Chart", alt.Chart, alt.LayerChart)

VegaLite = dict[str, Any]
"""A chart as Vega-Lite JSON, with a dataset named POINTS."""

POINTS = "points"
"""Name of the dataset that changes while the chart stays the same."""


def apply_layout(chart: _Chart, height: int | alt.Step) -> _Chart:
    """Return the chart with a height in pixels, its numbers in the reader's language, and each label at its tick.

    Streamlit would move the outer labels.
    """
    chart = chart.properties(height=height).configure(locale={"number": _number_locale()})
    return chart.configure_axis(labelFlush=False)


def as_json(chart: alt.Chart | alt.LayerChart) -> str:
    """Return the JSON of a chart with a dataset named POINTS; callers cache it, as Altair takes up to 0.1 s for it."""
    content = chart.to_dict()
    # This entry comes from Altair's theme, which is off while another visitor's chart is drawn. If it were kept, the
    # JSON of the same chart would vary.
    content["config"].pop("view", None)
    return json.dumps(content)


def with_points(chart: str, points: pd.DataFrame) -> VegaLite:
    """Return a chart from `as_json` with these points."""
    content: VegaLite = json.loads(chart)
    # The cached chart is in the language of the first visitor who saw it.
    content["config"]["locale"] = {"number": _number_locale()}
    return content | {"datasets": {POINTS: points}}


def _number_locale() -> dict[str, Any]:
    """Return the reader's number format as a Vega locale (d3-format)."""
    group, decimal, percent = separators()
    return {"decimal": decimal, "thousands": group, "percent": percent, "grouping": [3], "currency": ["", ""]}
