"""Data to Altair charts; knows nothing of Streamlit."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import altair as alt
import numpy as np
import pandas as pd

from core.classifier.calibration import ReliabilityBin
from core.classifier.evaluation import ClassMetrics, row_fractions

DIGITS = [str(digit) for digit in range(10)]


_Chart = TypeVar("_Chart", alt.Chart, alt.LayerChart)
VegaLite = dict[str, Any]
"""A chart in Vega-Lite's JSON, with its data: a table named POINTS among its datasets."""
POINTS = "points"
"""Name of such a chart's data; the chart itself stays the same while they change."""


def apply_layout(chart: _Chart, height: int) -> _Chart:
    """The chart at its height in pixels, each label at its tick: Streamlit moves the first and the last inwards."""
    return chart.properties(height=height).configure_axis(labelFlush=False)


def as_json(chart: alt.Chart | alt.LayerChart) -> str:
    """A chart of data named POINTS, to be kept: Altair takes some hundredths of a second for each."""
    content = chart.to_dict()
    # There or not, as another visitor's chart that is being drawn has Altair's theme switched off meanwhile.
    content["config"].pop("view", None)
    return json.dumps(content)


def with_points(chart: str, points: pd.DataFrame) -> VegaLite:
    """A kept chart with the points that it is to show."""
    content: VegaLite = json.loads(chart)
    return content | {"datasets": {POINTS: points}}


def class_balance(counts: np.ndarray, ink: str) -> alt.LayerChart:
    """Images of each digit, counts (10,), as bars with their values in the colour `ink`."""
    table = pd.DataFrame({"digit": DIGITS, "images": counts})
    base = alt.Chart(table).encode(
        x=alt.X("digit:N", title="Digit", sort=DIGITS, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("images:Q", title="Images", axis=alt.Axis(format=",d", tickMinStep=1)),
        tooltip=["digit", alt.Tooltip("images", format=",")],
    )
    labels = base.mark_text(baseline="bottom", dy=-3, color=ink).encode(text=alt.Text("images", format=","))
    return apply_layout(base.mark_bar(cornerRadiusEnd=3) + labels, 280)


_GAP = 0.004
"""Between two bars of confidence, which has no unit."""

MISTAKE = "#d9652b"
RIGHT = "#0f9d8a"


def confusion_heatmap(matrix: np.ndarray, *, shares: bool, ink: str) -> alt.LayerChart:
    """A confusion matrix of counts (10, 10), rows true, columns predicted, with a clickable selection named `cell`.

    `shares` shows each cell as a share of its row. Mistakes and hits have colours of their own, or the diagonal would
    leave no shade for the mistakes. `ink`: colour of the numbers and of the frame around the chosen cell.
    """
    table = pd.DataFrame(
        {
            "true": np.repeat(DIGITS, 10),
            "predicted": np.tile(DIGITS, 10),
            "count": matrix.ravel(),
            "share": row_fractions(matrix).ravel(),
        }
    )
    table["hit"] = table["true"] == table["predicted"]
    worst = max(1, int(table.loc[~table["hit"], "count"].max()))
    # A square root lets single mistakes be seen beside the most frequent ones.
    table["shade"] = np.where(table["hit"], 0.45, 0.06 + 0.84 * np.sqrt(table["count"] / worst))
    cell = alt.selection_point(name="cell", fields=["true", "predicted"], toggle=False)
    axis = alt.Axis(labelAngle=0, ticks=False, domain=False, grid=False, labelFontSize=13, titleFontSize=13)
    base = alt.Chart(table).encode(
        x=alt.X("predicted:N", title="Predicted digit", sort=DIGITS, axis=axis),
        y=alt.Y("true:N", title="True digit", sort=DIGITS, axis=axis),
        tooltip=[
            alt.Tooltip("true", title="true digit"),
            alt.Tooltip("predicted", title="predicted digit"),
            alt.Tooltip("count", title="images", format=","),
            alt.Tooltip("share", title="share of the row", format=".2%"),
        ],
    )
    cells = (
        base.mark_rect(cornerRadius=3, cursor="pointer", strokeWidth=2)
        .encode(
            color=alt.condition("datum.hit", alt.value(RIGHT), alt.value(MISTAKE)),
            opacity=alt.Opacity("shade:Q", scale=None),
            stroke=alt.condition(cell, alt.value(ink), alt.value("transparent"), empty=False),
        )
        .add_params(cell)
    )
    shown = alt.Text("share:Q", format=".1%") if shares else alt.Text("count:Q", format=",")
    numbers = (
        base.transform_filter("datum.count > 0").mark_text(fontSize=11, cursor="pointer", color=ink).encode(text=shown)
    )
    return apply_layout(cells + numbers, 440)


def reliability_diagram(bins: list[ReliabilityBin], ink: str) -> alt.LayerChart:
    """Accuracy by confidence: a bar a bin with its 95 % interval, its number of answers, and the perfect diagonal.

    The tick in each bar is the bin's mean confidence: where the bar should end. `ink`: colour of the numbers.
    """
    table = pd.DataFrame([vars(row) for row in bins if row.count])
    table["end"] = table["high"] - _GAP
    table["range"] = [f"{low:.0%} to {high:.0%}" for low, high in zip(table["low"], table["high"], strict=True)]
    axis = alt.Axis(format="%", grid=False, values=np.arange(0, 1.01, 0.2).round(1).tolist())
    scale = alt.Scale(domain=[0, 1], nice=False)
    base = alt.Chart(table).encode(
        x=alt.X("low:Q", title="Confidence", scale=scale, axis=axis),
        tooltip=[
            alt.Tooltip("range", title="confidence"),
            alt.Tooltip("confidence", title="mean confidence", format=".2%"),
            alt.Tooltip("accuracy", title="accuracy", format=".2%"),
            alt.Tooltip("count", title="predictions", format=","),
        ],
    )
    height = alt.Scale(domain=[0, 1.08], nice=False)
    bars = base.mark_rect(color=RIGHT, opacity=0.45, cornerRadius=2).encode(
        x2="end:Q", y=alt.Y("accuracy:Q", title="Accuracy", scale=height, axis=axis), y2=alt.Y2Datum(0)
    )
    middle = alt.X("middle:Q", scale=scale, title="Confidence")
    centred = base.transform_calculate(middle="(datum.low + datum.high) / 2")
    whiskers = centred.mark_rule(color=ink, opacity=0.5).encode(x=middle, y="accuracy_low:Q", y2="accuracy_high:Q")
    ticks = base.mark_rule(color=MISTAKE, strokeWidth=2.5).encode(x2="end:Q", y="confidence:Q")
    numbers = centred.mark_text(color=ink, fontSize=10, dy=-6, baseline="bottom").encode(
        x=middle, y="accuracy_high:Q", text=alt.Text("count:Q", format=",")
    )
    diagonal = alt.Chart(pd.DataFrame({"at": [0.0, 1.0]})).mark_line(color=ink, opacity=0.35, strokeDash=[4, 4])
    return apply_layout(bars + diagonal.encode(x="at:Q", y="at:Q") + whiskers + ticks + numbers, 320)


def digit_accuracies(shares: np.ndarray, position: int, ink: str) -> alt.LayerChart:
    """Accuracy of each digit, shares (epochs, 10) in 0..1 or NaN, at one epoch, on the range of all epochs.

    A ring is the epoch before. `ink`: colour of the bars.
    """
    table = pd.DataFrame(
        {
            "digit": DIGITS,
            "now": shares[position],
            "before": shares[max(position - 1, 0)],
            "lowest": shares.min(axis=0),
            "highest": shares.max(axis=0),
        }
    ).dropna()
    table["row"] = [f"{digit}: {now:.1%}" for digit, now in zip(table["digit"], table["now"], strict=True)]
    scale = alt.Scale(domain=[float(table["lowest"].min()), 1], nice=True, zero=False)
    axis = alt.Axis(format="~%", tickCount=5, gridOpacity=0.5)
    # A fixed width for the labels: the plot must not move with the slider.
    labels = alt.Axis(ticks=False, domain=False, labelFontSize=13, labelPadding=8, minExtent=64, maxExtent=64)
    base = alt.Chart(table).encode(
        y=alt.Y("row:N", title=None, sort=list(table["row"]), axis=labels),
        tooltip=[
            "digit",
            alt.Tooltip("now", title="this epoch", format=".2%"),
            alt.Tooltip("before", title="the epoch before", format=".2%"),
            alt.Tooltip("lowest", title="lowest of all epochs", format=".2%"),
            alt.Tooltip("highest", title="highest of all epochs", format=".2%"),
        ],
    )
    ranges = base.mark_rule(color=ink, opacity=0.2, strokeWidth=8, strokeCap="round").encode(
        x=alt.X("lowest:Q", title="Accuracy", scale=scale, axis=axis), x2="highest:Q"
    )
    before = base.mark_point(color=MISTAKE, size=80, strokeWidth=1.5).encode(x=alt.X("before:Q", scale=scale))
    now = base.mark_point(color=RIGHT, size=90, filled=True, opacity=1).encode(x=alt.X("now:Q", scale=scale))
    return apply_layout(ranges + before + now, 310)


def class_table(metrics: list[ClassMetrics]) -> pd.DataFrame:
    """A row a digit; precision, recall and F1 in percent."""
    return pd.DataFrame(
        {
            "Digit": [row.digit for row in metrics],
            "Precision": [row.precision * 100 for row in metrics],
            "Recall": [row.recall * 100 for row in metrics],
            "F1": [row.f1 * 100 for row in metrics],
            "Support": [row.support for row in metrics],
        }
    )
