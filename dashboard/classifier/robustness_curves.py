"""The section "How much can it take?": accuracy against the level of each disturbance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import altair as alt
import pandas as pd
import streamlit as st

from core.classifier.bundle import Bundle
from core.errors import BundleError, DataError
from core.language import Message, tr
from dashboard.parts.charts import CORRECT_COLOUR, MISTAKE_COLOUR
from dashboard.parts.show_chart import show_chart
from dashboard.parts.vega_lite import apply_layout
from dashboard.session import cache, state
from dashboard.session.permission import safe_text

if TYPE_CHECKING:
    from core.classifier.robustness_curves import RobustnessCurve

_GOOD_ACCURACY = 0.9
"""Nine digits in ten; the level at which the accuracy falls below this is marked."""

_PANEL_WIDTH, _PANEL_HEIGHT = 230, 220  # pixels


@dataclass(frozen=True)
class _Panel:
    """A chart's title, its axis's title and format, and a sentence about the level up to which digits are read."""

    title: Message
    axis: Message
    axis_format: str
    limit: Message


_PANELS = {
    "turned": _Panel(
        Message("Drawn rotated"),
        Message("Degrees, to either side"),
        "d",
        Message("90 of 100 are read up to {level:.0f}°."),
    ),
    "tiny": _Panel(
        Message("Drawn smaller"),
        Message("Fraction of the canvas"),
        "%",
        Message("90 of 100 are read down to {level:.0%} of the canvas."),
    ),
    "thin_pen": _Panel(
        Message("Drawn with a thinner pen"),
        Message("Brush width in pixels"),
        "d",
        Message("90 of 100 are read down to {level:.0f} pixels."),
    ),
    "fat_pen": _Panel(
        Message("Drawn with a thicker pen"),
        Message("Brush width in pixels"),
        "d",
        Message("90 of 100 are read up to {level:.0f} pixels."),
    ),
    "shifted": _Panel(
        Message("Image shifted"),
        Message("Pixels, out of 28"),
        "d",
        Message("90 of 100 are read up to {level:.1f} pixels."),
    ),
    "shrunk": _Panel(
        Message("Image shrunk"),
        Message("Fraction of the full size"),
        "%",
        Message("90 of 100 are read down to {level:.0%} of the size."),
    ),
    "noisy": _Panel(
        Message("Image with noise"),
        Message("Standard deviation (fraction of full ink)"),
        "%",
        Message("90 of 100 are read up to {level:.0%} of full ink."),
    ),
    "blurred": _Panel(
        Message("Image blurred"),
        Message("Standard deviation in pixels"),
        ".1~f",
        Message("90 of 100 are read up to {level:.1f} pixels."),
    ),
    "faded": _Panel(
        Message("Image with less contrast"),
        Message("Fraction of full ink"),
        "%",
        Message("90 of 100 are read down to {level:.0%} of full ink."),
    ),
}


@st.fragment
def robustness_curves_section(name: str, bundle: Bundle) -> None:
    """Offer to measure a model's curves, then show them."""
    st.subheader(tr("How much can it take?"), anchor=False)
    st.markdown(
        tr(
            "Each disturbance grows **from harmless at the left to strong at the right**. The green line shows how "
            "many of 100 validation images the model still reads; the orange line marks the level at which it drops "
            "below 90."
        )
    )
    computation = f"curves_{name}"
    if not state.computation_requested(computation):
        st.button(
            tr("Measure the curves"),
            key="measure_curves",
            icon=":material/show_chart:",
            on_click=state.request_computation,
            args=(computation,),
        )
        st.caption(tr("Takes about ten seconds: the model reads thousands of drawings and images."))
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
    limit = curve.first_level_below(_GOOD_ACCURACY)
    title, sentence = tr(panel.title), _sentence(curve, limit, panel)
    with st.container(gap="small"):
        st.markdown(f"**{title}**  \n:small[{sentence}]")
        show_chart(
            _chart(curve, limit, panel),
            alt=tr("{title}: accuracy by level. {sentence}", title=title, sentence=sentence),
        )


def _sentence(curve: RobustnessCurve, limit: float | None, panel: _Panel) -> str:
    if limit is None:
        return tr("At least 90 of 100 are read over the whole range.")
    if curve.accuracies[0] < _GOOD_ACCURACY:
        return tr("Fewer than 90 of 100 are read even at the mildest level.")
    return tr(panel.limit, level=limit)


def _chart(curve: RobustnessCurve, limit: float | None, panel: _Panel) -> alt.LayerChart:
    """Plot the accuracy against the level, with a line at `limit`, beyond which fewer than 90 of 100 are read."""
    table = pd.DataFrame({"level": curve.levels, "read": [100 * accuracy for accuracy in curve.accuracies]})
    first, last = curve.levels[0], curve.levels[-1]
    x = alt.X(
        "level:Q",
        title=tr(panel.axis),
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
                title=tr("Read, out of 100"),
                scale=alt.Scale(domain=[0, 100]),
                axis=alt.Axis(values=[0, 50, 100], gridOpacity=0.5),
            ),
            tooltip=[
                alt.Tooltip("level", title=tr(panel.axis), format=panel.axis_format),
                alt.Tooltip("read", title=tr("read, out of 100"), format=".1f"),
            ],
        )
    )
    marks = pd.DataFrame({"level": [] if limit is None else [limit]}, dtype=float)
    limits = alt.Chart(marks).mark_rule(color=MISTAKE_COLOUR, strokeDash=[5, 4], strokeWidth=1.5).encode(x=x)
    return apply_layout(lines + limits, _PANEL_HEIGHT)
