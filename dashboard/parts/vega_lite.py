"""Charts in Vega-Lite's JSON, which are drawn once and then shown with changing data."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import altair as alt
import pandas as pd

_Chart = TypeVar("_Chart", alt.Chart, alt.LayerChart)

VegaLite = dict[str, Any]
"""A chart in Vega-Lite's JSON, with a data set named POINTS."""

POINTS = "points"
"""Name of the data set that changes while the chart stays the same."""


def apply_layout(chart: _Chart, height: int) -> _Chart:
    """Return the chart at a height in pixels, with every label at its tick: Streamlit moves the outer ones inwards."""
    return chart.properties(height=height).configure_axis(labelFlush=False)


def as_json(chart: alt.Chart | alt.LayerChart) -> str:
    """Return a chart with a data set named POINTS as JSON to be cached: Altair takes up to 0.1 s for a chart."""
    content = chart.to_dict()
    # Present or not, depending on the charts of other visitors: Altair's theme is off while one is drawn.
    content["config"].pop("view", None)
    return json.dumps(content)


def with_points(chart: str, points: pd.DataFrame) -> VegaLite:
    """Return a chart from `as_json` with these points."""
    content: VegaLite = json.loads(chart)
    return content | {"datasets": {POINTS: points}}
