"""Charts on a page, which does not jump when they appear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from altair import Chart, LayerChart

from dashboard.parts.vega_lite import VegaLite


def show_chart(chart: Chart | LayerChart | VegaLite, *, width: str = "stretch", **options: Any) -> Any:
    """Show a chart, for which the page keeps a place until the browser has loaded Vega and drawn it.

    `options`: the other arguments of `st.altair_chart`. Return what Streamlit returns for the chart.
    """
    show: Callable[..., Any] = st.vega_lite_chart if isinstance(chart, dict) else st.altair_chart
    height = chart["height"] if isinstance(chart, dict) else chart.height
    # Only a chart with a fixed height that fills its width has this height together with its axes.
    fits = width == "stretch" and isinstance(height, int)
    return show(chart, width=width, height=height if fits else "content", **options)
