"""Parallel coordinates on a page; dragging along an axis selects a range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import streamlit as st

from core.language import Message, tr
from dashboard.parts.charts import MISTAKE_COLOUR
from dashboard.parts.component import component
from dashboard.parts.theme import faint_colour, ink_colour, shade_colours
from dashboard.runs.parallel_axes import Axis, Line, chart_data, within

HINT = Message(
    "Drag along an axis to keep only the lines in a range; click the range to remove it. Hover over a line to see "
    "its values."
)

_component = component(
    "parallel_coordinates", '<div class="plot" role="group"><canvas></canvas><div class="tooltip"></div></div>'
)


def show_parallel_coordinates(axes: Sequence[Axis], lines: Sequence[Line], key: str) -> list[bool]:
    """Show the chart; return, for each line, whether it lies in the ranges that the visitor has selected."""
    colours = {
        "shades": shade_colours(),
        "faint": faint_colour(),
        "best": MISTAKE_COLOUR,
        "pointed": ink_colour(),
    }
    words = {
        "chart": tr("Parallel coordinates: {lines} lines, {axes} axes"),
        "axis": tr("{axis}. Arrow keys select a range; Escape removes it."),
    }
    data = chart_data(axes, lines) | {"colours": colours, "words": words}
    _component(key=key, data=data, on_ranges_change=lambda: None)
    return within(axes, selected_ranges(key))


def selected_ranges(key: str) -> Mapping[str, Any]:
    """Return the ranges selected in a chart."""
    state = st.session_state.get(key)
    return cast("Mapping[str, Any]", (state or {}).get("ranges") or {})
