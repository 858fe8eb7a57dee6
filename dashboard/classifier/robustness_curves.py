"""The section "How much can it take?": accuracy over the strength of each disturbance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import altair as alt
import pandas as pd
import streamlit as st

from core.classifier.bundle import Bundle
from core.errors import BundleError, DataError
from dashboard.parts.charts import CORRECT_COLOUR, MISTAKE_COLOUR
from dashboard.parts.vega_lite import apply_layout
from dashboard.session import cache, state
from dashboard.session.permission import safe_text

if TYPE_CHECKING:
    from core.classifier.robustness_curves import RobustnessCurve

_GOOD = 0.9
"""The accuracy whose strength is marked: nine digits of ten."""

_PANEL_WIDTH, _PANEL_HEIGHT = 230, 220  # pixels


@dataclass(frozen=True)
class _Panel:
    """A chart's title, the title of its axis, and the format of a strength there and in a sentence."""

    title: str
    axis: str
    axis_format: str
    format: str


_PANELS = {
    "turned": _Panel("Drawn rotated", "Degrees, to either side", "d", "{:.0f}°"),
    "tiny": _Panel("Drawn smaller", "Fraction of the canvas", "%", "{:.0%} of the canvas"),
    "thin_pen": _Panel("Drawn with a thinner pen", "Brush width in pixels", "d", "{:.0f} pixels"),
    "fat_pen": _Panel("Drawn with a thicker pen", "Brush width in pixels", "d", "{:.0f} pixels"),
    "shifted": _Panel("Image shifted", "Pixels, of 28", "d", "{:.1f} pixels"),
    "shrunk": _Panel("Image shrunk", "Fraction of the full size", "%", "{:.0%} of the size"),
    "noisy": _Panel("Image with noise", "Standard deviation, of full ink", "%", "{:.0%} of full ink"),
    "blurred": _Panel("Image blurred", "Standard deviation in pixels", ".1~f", "{:.1f} pixels"),
    "faded": _Panel("Image with less contrast", "Fraction of full ink", "%", "{:.0%} of full ink"),
}


@st.fragment
def robustness_curves_section(name: str, bundle: Bundle) -> None:
    """Offer to measure the curves of a model, then show them."""
    st.subheader("How much can it take?", anchor=False)
    st.markdown(
        "Each disturbance grows **from harmless at the left to strong at the right**. The green line shows how many of "
        "100 validation images the model still reads; the orange line marks the strength at which it drops below 90."
    )
    computation = f"curves_{name}"
    if not state.computation_requested(computation):
        st.button(
            "Measure the curves",
            key="measure_curves",
            icon=":material/show_chart:",
            on_click=state.request_computation,
            args=(computation,),
        )
        st.caption("Takes about ten seconds: the model reads thousands of drawings and images.")
        return
    try:
        curves = cache.robustness_curves(bundle)
    except (BundleError, DataError) as error:
        st.info(safe_text(error), icon=":material/info:")
        return
    with st.grid(3, min_column_width=_PANEL_WIDTH):
        for kind, panel in _PANELS.items():
            _show_panel(curves[kind], panel)


def _show_panel(curve: RobustnessCurve, panel: _Panel) -> None:
    limit = curve.falls_below(_GOOD)
    sentence = _sentence(curve, limit, panel)
    with st.container(gap="small"):
        st.markdown(f"**{panel.title}**  \n:small[{sentence}]")
        st.altair_chart(
            _chart(curve, limit, panel), width="stretch", alt=f"{panel.title}: accuracy by strength. {sentence}"
        )


def _sentence(curve: RobustnessCurve, limit: float | None, panel: _Panel) -> str:
    if limit is None:
        return "At least 90 of 100 are read over the whole range."
    if limit == curve.strengths[0]:
        return "Fewer than 90 of 100 are read even at the mildest strength."
    direction = "down" if limit < curve.strengths[0] else "up"
    return f"90 of 100 are read {direction} to {panel.format.format(limit)}."


def _chart(curve: RobustnessCurve, limit: float | None, panel: _Panel) -> alt.LayerChart:
    """Draw the accuracies over the strengths, and a line at `limit`, from which on fewer than 90 of 100 are read."""
    table = pd.DataFrame({"strength": curve.strengths, "read": [100 * accuracy for accuracy in curve.accuracies]})
    first, last = curve.strengths[0], curve.strengths[-1]
    x = alt.X(
        "strength:Q",
        title=panel.axis,
        scale=alt.Scale(domain=sorted((first, last)), nice=False, reverse=last < first),
        axis=alt.Axis(format=panel.axis_format, grid=False, tickCount=5),
    )
    lines = (
        alt.Chart(table)
        .mark_line(color=CORRECT_COLOUR, strokeWidth=2.5, point=alt.OverlayMarkDef(color=CORRECT_COLOUR, size=40))
        .encode(
            x=x,
            y=alt.Y(
                "read:Q",
                title="Read, of 100",
                scale=alt.Scale(domain=[0, 100]),
                axis=alt.Axis(values=[0, 50, 100], gridOpacity=0.5),
            ),
            tooltip=[
                alt.Tooltip("strength", title=panel.axis, format=panel.axis_format),
                alt.Tooltip("read", title="read, of 100", format=".1f"),
            ],
        )
    )
    marks = pd.DataFrame({"strength": [] if limit is None else [limit]}, dtype=float)
    limits = alt.Chart(marks).mark_rule(color=MISTAKE_COLOUR, strokeDash=[5, 4], strokeWidth=1.5).encode(x=x)
    return apply_layout(lines + limits, _PANEL_HEIGHT)
