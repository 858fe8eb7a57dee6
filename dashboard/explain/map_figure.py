"""The map as a Plotly figure, and the rows of its table that a visitor has selected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.explain.embedding_map import EXTENT
from core.language import Message, separators, tr
from dashboard.parts.charts import CORRECT_COLOUR, MISTAKE_COLOUR

COLOURINGS = {"label": Message("Label"), "predicted": Message("Prediction"), "right": Message("Right or wrong")}

_RANGE_X = [-1.06 * EXTENT, 1.06 * EXTENT]
_RANGE_Y = [-1.06 * EXTENT, 1.16 * EXTENT]
"""Extended at the top, to make room for the name of the topmost digit."""

_HEIGHT = 600
_PHONE_HEIGHT = 460
"""Shorter, to leave room next to the map for a finger that scrolls the page."""

_NAME_PERCENTILE = 97
"""Percentage of a digit's images that lie below its name; less than 100, so that outliers do not move the name."""

_DOT_SIZE, _SMALL_DOT_SIZE = 20, 12
"""Sizes in pixels of the dot for a single drawing, and of each dot when there are several."""

_FEW_POINTS = 3000
"""Up to this many points, each is drawn larger."""


@dataclass(frozen=True)
class Palette:
    """The colours of a figure: those of the ten digits, of text, and of the page behind it."""

    digits: Sequence[str]
    text: str
    page: str


@dataclass(frozen=True)
class Dot:
    """A drawing on the map; `hollow` if it is rejected as not a digit, `wrong` if it is misread as another digit."""

    x: float
    y: float
    title: str
    hollow: bool
    wrong: bool = False


@dataclass(frozen=True)
class Group:
    """The points of one legend entry; `rows`: their rows in the table, int64 (n,). `large`: draw larger dots."""

    name: str
    colour: str
    rows: np.ndarray
    large: bool = False


def groups(table: pd.DataFrame, colouring: str, palette: Palette) -> list[Group]:
    """Group the points of a table by one of COLOURINGS, leaving out empty groups."""
    if colouring == "right":
        right = table["label"].eq(table["predicted"]).to_numpy()
        # The mistakes come last, so that they are drawn on top.
        all_groups = [Group(tr("Right"), CORRECT_COLOUR, np.flatnonzero(right))]
        all_groups.append(Group(tr("Wrong"), MISTAKE_COLOUR, np.flatnonzero(~right), large=True))
    else:
        values = table[colouring].to_numpy()
        all_groups = [
            Group(str(digit), colour, np.flatnonzero(values == digit)) for digit, colour in enumerate(palette.digits)
        ]
    return [group for group in all_groups if len(group.rows)]


def figure(
    table: pd.DataFrame,
    legend: Sequence[Group],
    palette: Palette,
    dots: Sequence[Dot] = (),
    *,
    on_phone: bool = False,
) -> dict[str, Any]:
    """Return the figure: a trace for each group, in the given order, the dots, and the names of the digits.

    On a phone, dragging initially pans the map instead of drawing a lasso.
    """
    size = 7 if len(table) <= _FEW_POINTS else 5
    traces = [_trace(table, group, size) for group in legend]
    if dots:
        traces.append(_dots_trace(dots, palette))
    return {
        "data": traces,
        "layout": {
            "template": {},
            "height": _PHONE_HEIGHT if on_phone else _HEIGHT,
            "margin": {"l": 0, "r": 0, "t": 34, "b": 0},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": palette.text, "size": 14, "family": "'Source Sans', sans-serif"},
            "xaxis": {"visible": False, "range": _RANGE_X},
            "yaxis": {"visible": False, "range": _RANGE_Y, "scaleanchor": "x"},
            "clickmode": "event+select",
            "dragmode": "pan" if on_phone else "lasso",
            "hovermode": "closest",
            "legend": {
                "orientation": "h",
                "x": 0,
                "y": -0.02,
                "yanchor": "top",
                "itemsizing": "constant",
                # Otherwise, the last entry in a row is cut off on a phone.
                "entrywidth": max(len(group.name) for group in legend) * 10 + 16,
            },
            "hoverlabel": {"bgcolor": palette.page, "bordercolor": palette.text, "font": {"color": palette.text}},
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": palette.text, "activecolor": palette.digits[0]},
            "newselection": {"line": {"color": palette.text, "width": 2}},
            "annotations": [_digit_annotation(table, digit, palette) for digit in np.unique(table["label"])],
        },
    }


def selected_rows(points: Sequence[Mapping[str, Any]], legend: Sequence[Group]) -> np.ndarray:
    """Return the sorted rows of the points that the browser reports, int64 (n,); unknown points are ignored."""
    rows = [
        group.rows[index]
        for point in points
        if (group := _at(legend, point.get("curve_number"))) is not None
        and _at(group.rows, index := point.get("point_index")) is not None
    ]
    return np.unique(np.asarray(rows, np.int64))


def _at(items: Any, index: object) -> Any:
    return items[index] if isinstance(index, int) and 0 <= index < len(items) else None


def _trace(table: pd.DataFrame, group: Group, size: int) -> dict[str, Any]:
    points = table.iloc[group.rows]
    columns = (points["index"].to_numpy(), points["label"].to_numpy(), points["predicted"].to_numpy())
    # Translated only once: translating it for each of 10,000 points would take 0.2 s.
    hover_text, (thousands, _, _) = tr("image {index}<br>label {label}, read as {predicted}"), separators()
    return {
        "type": "scattergl",
        "mode": "markers",
        "name": group.name,
        "x": points["x"].to_numpy(),
        "y": points["y"].to_numpy(),
        "marker": {"color": group.colour, "size": size + 4 * group.large, "opacity": 1 if group.large else 0.75},
        "unselected": {"marker": {"opacity": 0.12}},
        "hovertext": [
            hover_text.format(index=f"{index:,}".replace(",", thousands), label=label, predicted=predicted)
            for index, label, predicted in zip(*columns, strict=True)
        ],
        "hoverinfo": "text",
    }


def _dots_trace(dots: Sequence[Dot], palette: Palette) -> dict[str, Any]:
    """Return the drawings as one trace: a single drawing as a large dot, several as smaller dots."""
    colours = [MISTAKE_COLOUR if dot.wrong else palette.text for dot in dots]
    return {
        # The groups' WebGL traces would cover any other kind of trace.
        "type": "scattergl",
        "mode": "markers",
        "name": dots[0].title if len(dots) == 1 else tr("Drawings"),
        "x": [dot.x for dot in dots],
        "y": [dot.y for dot in dots],
        "marker": {
            "symbol": ["circle-open" if dot.hollow else "circle" for dot in dots],
            "size": _DOT_SIZE if len(dots) == 1 else _SMALL_DOT_SIZE,
            "color": colours,
            "opacity": 1,
            "line": {
                "width": [4 if dot.hollow else 3 if len(dots) == 1 else 1.5 for dot in dots],
                "color": [colour if dot.hollow else palette.page for dot, colour in zip(dots, colours, strict=True)],
            },
        },
        "unselected": {"marker": {"opacity": 1}},
        "hovertext": [dot.title for dot in dots],
        "hoverinfo": "text",
        "showlegend": False,
    }


def _digit_annotation(table: pd.DataFrame, digit: int, palette: Palette) -> dict[str, Any]:
    """Return an annotation with the name of a digit, above most of the images with this label."""
    positions = table.loc[table["label"].eq(digit), ["x", "y"]].to_numpy(np.float64)
    return {
        "x": float(np.median(positions[:, 0])),
        "y": float(np.percentile(positions[:, 1], _NAME_PERCENTILE)),
        "yanchor": "bottom",
        "text": f"<b>{digit}</b>",
        "showarrow": False,
        "font": {"size": 20, "color": palette.text},
        "yshift": 3,
    }
