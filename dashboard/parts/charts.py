"""Altair charts for the Data, Evaluate and Run pages."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from core.classifier.calibration import ReliabilityBin
from core.classifier.evaluation import ClassMetrics, row_fractions
from core.language import number, tr
from dashboard.parts.vega_lite import apply_layout

DIGITS = [str(digit) for digit in range(10)]

CORRECT_COLOUR = "#0f9d8a"
MISTAKE_COLOUR = "#d9652b"

_BAR_GAP = 0.004
"""Gap between two bars of the reliability diagram, as a fraction of the axis."""

_FEW_PREDICTIONS = 10
"""Bars with fewer predictions are faint: a single correct answer would be a bar of 100%."""


def class_balance(counts: np.ndarray, text_colour: str) -> alt.LayerChart:
    """Draw the number of images of each digit as labelled bars; `counts` has shape (10,)."""
    table = pd.DataFrame({"digit": DIGITS, "images": counts})
    base = alt.Chart(table).encode(
        x=alt.X("digit:N", title=tr("Digit"), sort=DIGITS, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("images:Q", title=tr("Images"), axis=alt.Axis(format=",d", tickMinStep=1)),
        tooltip=[alt.Tooltip("digit", title=tr("digit")), alt.Tooltip("images", title=tr("images"), format=",")],
    )
    labels = base.mark_text(baseline="bottom", dy=-3, color=text_colour).encode(text=alt.Text("images", format=","))
    return apply_layout(base.mark_bar(cornerRadiusEnd=3) + labels, 280)


def confusion_heatmap(matrix: np.ndarray, *, percentages: bool, text_colour: str) -> alt.LayerChart:
    """Draw a confusion matrix of counts (10, 10), rows true, columns predicted, with a selection named `cell`.

    `percentages` shows each cell as a percentage of its row. `text_colour` is also the colour of the frame
    around the selected cell.
    """
    cell = alt.selection_point(name="cell", fields=["true", "predicted"], toggle=False)
    axis = alt.Axis(labelAngle=0, ticks=False, domain=False, grid=False, labelFontSize=13, titleFontSize=13)
    base = alt.Chart(_cells(matrix)).encode(
        x=alt.X("predicted:N", title=tr("Predicted digit"), sort=DIGITS, axis=axis),
        y=alt.Y("true:N", title=tr("True digit"), sort=DIGITS, axis=axis),
        tooltip=[
            alt.Tooltip("true", title=tr("true digit")),
            alt.Tooltip("predicted", title=tr("predicted digit")),
            alt.Tooltip("count", title=tr("images"), format=","),
            alt.Tooltip("fraction", title=tr("fraction of the row"), format=".2%"),
        ],
    )
    cells = (
        base.mark_rect(cornerRadius=3, cursor="pointer", strokeWidth=2)
        .encode(
            color=alt.condition("datum.right", alt.value(CORRECT_COLOUR), alt.value(MISTAKE_COLOUR)),
            opacity=alt.Opacity("shade:Q", scale=None),
            stroke=alt.condition(cell, alt.value(text_colour), alt.value("transparent"), empty=False),
        )
        .add_params(cell)
    )
    text = alt.Text("fraction:Q", format=".1%") if percentages else alt.Text("count:Q", format=",")
    numbers = base.transform_filter("datum.count > 0").mark_text(fontSize=11, cursor="pointer", color=text_colour)
    return apply_layout(cells + numbers.encode(text=text), 440)


def _cells(matrix: np.ndarray) -> pd.DataFrame:
    """Return a row for each cell of a confusion matrix; `shade` is its opacity, 0..1."""
    table = pd.DataFrame(
        {
            "true": np.repeat(DIGITS, 10),
            "predicted": np.tile(DIGITS, 10),
            "count": matrix.ravel(),
            "fraction": row_fractions(matrix).ravel(),
        }
    )
    table["right"] = table["true"] == table["predicted"]
    most_mistakes = max(1, int(table.loc[~table["right"], "count"].max()))
    # Mistakes have their own scale, because they would all look alike next to the diagonal's counts. The square root
    # makes even a single mistake visible; with a stronger colour, its number would be hard to read on a dark page.
    shades = 0.06 + 0.68 * np.sqrt(table["count"] / most_mistakes)
    table["shade"] = np.where(table["right"] & (table["count"] > 0), 0.45, shades)
    return table


def reliability_diagram(bins: list[ReliabilityBin], text_colour: str) -> alt.LayerChart:
    """Draw accuracy by confidence: one bar per bin, with its 95% confidence interval and its number of predictions.

    The diagonal represents perfect calibration. The tick in each bar marks the bin's mean confidence, where the bar
    should end.
    """
    table = pd.DataFrame([vars(row) for row in bins if row.count])
    table["end"] = table["high"] - _BAR_GAP
    ranges = zip(table["low"], table["high"], strict=True)
    table["range"] = [tr("{low:.0%} to {high:.0%}", low=low, high=high) for low, high in ranges]
    axis = alt.Axis(format="%", grid=False, values=np.arange(0, 1.01, 0.2).round(1).tolist())
    scale = alt.Scale(domain=[0, 1], nice=False)
    base = alt.Chart(table).encode(
        x=alt.X("low:Q", title=tr("Confidence"), scale=scale, axis=axis),
        tooltip=[
            alt.Tooltip("range", title=tr("confidence")),
            alt.Tooltip("confidence", title=tr("mean confidence"), format=".2%"),
            alt.Tooltip("accuracy", title=tr("accuracy"), format=".2%"),
            alt.Tooltip("count", title=tr("predictions"), format=","),
        ],
    )
    accuracy_scale = alt.Scale(domain=[0, 1.08], nice=False)
    bars = base.mark_rect(color=CORRECT_COLOUR, cornerRadius=2).encode(
        x2="end:Q",
        y=alt.Y("accuracy:Q", title=tr("Accuracy"), scale=accuracy_scale, axis=axis),
        y2=alt.Y2Datum(0),
        opacity=alt.condition(f"datum.count < {_FEW_PREDICTIONS}", alt.value(0.15), alt.value(0.45)),
    )
    middle = alt.X("middle:Q", scale=scale, title=tr("Confidence"))
    centred = base.transform_calculate(middle="(datum.low + datum.high) / 2")
    whiskers = centred.mark_rule(color=text_colour, opacity=0.5).encode(
        x=middle, y="accuracy_low:Q", y2="accuracy_high:Q"
    )
    ticks = base.mark_rule(color=MISTAKE_COLOUR, strokeWidth=2.5).encode(x2="end:Q", y="confidence:Q")
    numbers = centred.mark_text(color=text_colour, fontSize=10, dy=-6, baseline="bottom").encode(
        x=middle, y="accuracy_high:Q", text=alt.Text("count:Q", format=",")
    )
    diagonal = alt.Chart(pd.DataFrame({"at": [0.0, 1.0]})).mark_line(color=text_colour, opacity=0.35, strokeDash=[4, 4])
    return apply_layout(bars + diagonal.encode(x="at:Q", y="at:Q") + whiskers + ticks + numbers, 320)


def digit_accuracies(accuracies: np.ndarray, index: int, text_colour: str) -> alt.LayerChart:
    """Draw each digit's accuracy in one epoch (a dot) and the previous one (a ring), and its overall range (a bar).

    `accuracies`: (epochs, 10) in 0..1, NaN for a digit without images. `index`: index of the epoch.
    """
    table = pd.DataFrame(
        {
            "digit": DIGITS,
            "now": accuracies[index],
            "before": accuracies[max(index - 1, 0)],
            "lowest": accuracies.min(axis=0),
            "highest": accuracies.max(axis=0),
        }
    ).dropna()
    accuracies_now = zip(table["digit"], table["now"], strict=True)
    table["row"] = [f"{digit}: {number(accuracy, '.1%')}" for digit, accuracy in accuracies_now]
    scale = alt.Scale(domain=[float(table["lowest"].min()), 1], nice=True, zero=False)
    axis = alt.Axis(format="~%", tickCount=5, gridOpacity=0.5)
    # A fixed width, so that the plot does not move when the slider does.
    labels = alt.Axis(ticks=False, domain=False, labelFontSize=13, labelPadding=8, minExtent=64, maxExtent=64)
    base = alt.Chart(table).encode(
        y=alt.Y("row:N", title=None, sort=list(table["row"]), axis=labels),
        tooltip=[
            alt.Tooltip("digit", title=tr("digit")),
            alt.Tooltip("now", title=tr("this epoch"), format=".2%"),
            alt.Tooltip("before", title=tr("the previous epoch"), format=".2%"),
            alt.Tooltip("lowest", title=tr("lowest of all epochs"), format=".2%"),
            alt.Tooltip("highest", title=tr("highest of all epochs"), format=".2%"),
        ],
    )
    ranges = base.mark_rule(color=text_colour, opacity=0.2, strokeWidth=8, strokeCap="round").encode(
        x=alt.X("lowest:Q", title=tr("Accuracy"), scale=scale, axis=axis), x2="highest:Q"
    )
    previous_rings = base.mark_point(color=MISTAKE_COLOUR, size=80, strokeWidth=1.5).encode(
        x=alt.X("before:Q", scale=scale)
    )
    current_dots = base.mark_point(color=CORRECT_COLOUR, size=90, filled=True, opacity=1).encode(
        x=alt.X("now:Q", scale=scale)
    )
    return apply_layout(ranges + previous_rings + current_dots, 310)


def mistakes_per_hundred(rows: Sequence[tuple[str, str, float]], text_colour: str) -> alt.LayerChart:
    """Draw the mistakes per 100 digits as a bar for each row: a label, its explanation, and an accuracy in 0..1."""
    labels = [label for label, _, _ in rows]
    table = pd.DataFrame(
        [(label, explanation, (1 - accuracy) * 100) for label, explanation, accuracy in rows],
        columns=["kind", "explanation", "mistakes"],
    )
    # The scale extends to at least 10, so that one mistake in 100 looks as rare as it is; on a phone, the number beside
    # the longest bar needs a sixth of the width.
    scale = alt.Scale(domain=[0, max(10, float(table["mistakes"].max()) * 1.2)], nice=False)
    base = alt.Chart(table).encode(
        x=alt.X(
            "mistakes:Q",
            title=tr("Mistakes in 100 digits"),
            scale=scale,
            axis=alt.Axis(tickCount=5, gridOpacity=0.5),
        ),
        y=alt.Y(
            "kind:N",
            title=None,
            sort=labels,
            axis=alt.Axis(ticks=False, domain=False, labelFontSize=13, labelPadding=8, labelLimit=170),
        ),
        tooltip=[
            alt.Tooltip("kind", title=tr("kind")),
            alt.Tooltip("mistakes", title=tr("mistakes in 100"), format=".1f"),
            alt.Tooltip("explanation", title=tr("explanation")),
        ],
    )
    bars = base.mark_bar(color=MISTAKE_COLOUR, opacity=0.75, cornerRadiusEnd=3, height={"band": 0.6})
    numbers = base.mark_text(align="left", dx=5, color=text_colour).encode(text=alt.Text("mistakes:Q", format=".1f"))
    return apply_layout(bars + numbers, 36 * len(rows) + 60)


def class_table(metrics: list[ClassMetrics]) -> pd.DataFrame:
    """Return a table with one row per digit; precision, recall and F1 are in percent."""
    return pd.DataFrame(
        {
            "Digit": [row.digit for row in metrics],
            "Precision": [row.precision * 100 for row in metrics],
            "Recall": [row.recall * 100 for row in metrics],
            "F1": [row.f1 * 100 for row in metrics],
            "Support": [row.support for row in metrics],
        }
    )
