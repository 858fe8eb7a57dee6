"""Charts that do not make the page jump when they appear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from altair import Chart, LayerChart

from dashboard.parts.vega_lite import VegaLite


def show_chart(chart: Chart | LayerChart | VegaLite, *, width: str = "stretch", **options: Any) -> Any:
    """Show a chart; the page reserves its space until the browser has loaded Vega and drawn it.

    `options`: the other arguments of `st.altair_chart`, whose result is returned.
    """
    show: Callable[..., Any] = st.vega_lite_chart if isinstance(chart, dict) else st.altair_chart
    height = chart["height"] if isinstance(chart, dict) else chart.height
    # The height includes the axes only if it is fixed and the chart fills the width.
    fits = width == "stretch" and isinstance(height, int)
    return show(chart, width=width, height=height if fits else "content", **options)
