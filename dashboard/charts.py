"""Data to Altair charts; knows nothing of Streamlit."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

DIGITS = [str(digit) for digit in range(10)]


def probability_bars(probabilities: np.ndarray) -> alt.LayerChart:
    """The ten probabilities (10,) in 0..1 as horizontal bars with their values; the largest stands out."""
    table = pd.DataFrame(
        {
            "digit": DIGITS,
            "probability": probabilities.astype(float),
            "best": np.arange(len(probabilities)) == int(probabilities.argmax()),
        }
    )
    base = alt.Chart(table).encode(
        y=alt.Y("digit:N", title=None, sort=DIGITS, axis=alt.Axis(ticks=False, domain=False, labelFontSize=14)),
        tooltip=["digit", alt.Tooltip("probability", format=".2%")],
    )
    bars = base.mark_bar(cornerRadiusEnd=3, height={"band": 0.7}).encode(
        x=alt.X("probability", title=None, scale=alt.Scale(domain=[0, 1.12]), axis=None),
        opacity=alt.condition("datum.best", alt.value(1.0), alt.value(0.45)),
    )
    labels = base.mark_text(align="left", dx=4).encode(
        x=alt.X("probability"), text=alt.Text("probability", format=".1%")
    )
    return (bars + labels).properties(height=300)
