"""The curves of the training runs in a lesson."""

from __future__ import annotations

import altair as alt
import pandas as pd

from core.language import tr
from core.lessons.learner import Training
from dashboard.parts.charts import CORRECT_COLOUR, MISTAKE_COLOUR
from dashboard.parts.vega_lite import apply_layout

_MAX_SHOWN_LOSS = 3.0
"""Guessing has a loss of 2.3; higher values are drawn at the top."""


def loss_chart(training: Training, text_colour: str) -> alt.LayerChart:
    """Draw the loss over the steps, with a dashed line at the loss of guessing."""
    table = pd.DataFrame({"step": training.steps, "loss": [min(loss, _MAX_SHOWN_LOSS) for loss in training.losses]})
    scale = alt.Scale(domain=[0, _MAX_SHOWN_LOSS], nice=False)
    curve = (
        alt.Chart(table)
        .mark_line(color=CORRECT_COLOUR, strokeWidth=2.5)
        .encode(
            x=alt.X("step:Q", title=tr("Step"), axis=alt.Axis(tickCount=4, grid=False)),
            y=alt.Y("loss:Q", title=tr("Loss"), scale=scale, axis=alt.Axis(tickCount=4, gridOpacity=0.5)),
            tooltip=[alt.Tooltip("step", title=tr("step")), alt.Tooltip("loss", title=tr("loss"), format=".2f")],
        )
    )
    chance = alt.Chart(pd.DataFrame({"loss": [2.303]})).mark_rule(color=text_colour, opacity=0.4, strokeDash=[4, 4])
    return apply_layout(chance.encode(y=alt.Y("loss:Q", scale=scale)) + curve, 180)


def accuracy_chart(training: Training, text_colour: str) -> alt.LayerChart:
    """Draw the accuracy on training images (dashed) and on validation images over the steps."""
    table = pd.DataFrame({"step": training.steps, "training": training.train, "validation": training.validation})
    names = {"training": tr("training"), "validation": tr("validation")}
    scale = alt.Scale(domain=[0, 1.15], nice=False)  # the name of the upper curve stands above it
    base = alt.Chart(table).encode(
        x=alt.X("step:Q", title=tr("Step"), axis=alt.Axis(tickCount=4, grid=False)),
        tooltip=[
            alt.Tooltip("step", title=tr("step")),
            alt.Tooltip("training", title=names["training"], format=".1%"),
            alt.Tooltip("validation", title=names["validation"], format=".1%"),
        ],
    )
    axis = alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1], gridOpacity=0.5)
    seen = base.mark_line(color=MISTAKE_COLOUR, strokeWidth=2.5, strokeDash=[6, 4]).encode(
        y=alt.Y("training:Q", title=tr("Accuracy"), scale=scale, axis=axis)
    )
    unseen = base.mark_line(color=CORRECT_COLOUR, strokeWidth=2.5).encode(y=alt.Y("validation:Q", scale=scale))
    last = base.transform_filter(f"datum.step == {training.steps[-1]}")
    above, below = (
        last.mark_text(align="right", dy=shift, color=text_colour).encode(
            y=alt.Y(f"{name}:Q", scale=scale), text=alt.value(names[name])
        )
        for name, shift in (("training", -9), ("validation", 12))
    )
    return apply_layout(seen + unseen + above + below, 220)
