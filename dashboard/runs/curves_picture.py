"""Overlaid learning curves as a PNG or SVG file, drawn with Matplotlib."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from dashboard.training.curve_points import overlaid_points, shown_points
from dashboard.training.log_ticks import log_ticks
from dashboard.training.look import AXES, TITLES, Look, Measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

PictureFormat = Literal["png", "svg"]
_COLOURS = (
    *("#0f766e", "#d9652b", "#4457b8", "#b0851c", "#a8326c"),
    *("#5f7a2e", "#7a5cc0", "#2c8fb8", "#8a5a3c", "#66736f"),
)
"""The colours of the charts in the light theme (.streamlit/config.toml)."""
_GREY = "#56605d"
_NAMES_IN_A_ROW = 4
_THIN: dict[str, Any] = {"linewidth": 0.9, "alpha": 0.6}
_THICK: dict[str, Any] = {"linewidth": 1.8}
_DOT: dict[str, Any] = {"marker": "o", "markersize": 3.5}


def curves_picture(points: pd.DataFrame, look: Look, kind: PictureFormat = "png", baseline: str | None = None) -> bytes:
    """Return the chart of `curves.overlaid_curves`, both measures side by side, as a PNG or SVG file."""
    # Imported here: it would delay the start of the dashboard.
    from matplotlib.figure import Figure

    names = list(points["run"].unique())
    rows = -(-len(names) // _NAMES_IN_A_ROW)
    figure = Figure(figsize=(11, 4.6 + 0.22 * rows), dpi=150, layout="constrained")
    for axes, measure in zip(figure.subplots(1, 2), look.measures, strict=True):
        shown = shown_points(overlaid_points(points), measure, look)
        for name, colour in _coloured(names):
            dash = "--" if name == baseline else "-"
            run = shown[shown["run"] == name]
            steps, whole = run[run["every"] == "step"], run[run["every"] == "epoch"]
            axes.plot(steps[look.axis], steps["line"], linestyle=dash, color=colour, **_THIN)
            axes.plot(whole[look.axis], whole["line"], linestyle=dash, color=colour, label=_legend(name), **_THICK)
            axes.plot(whole[look.axis], whole["value"], linestyle="", color=colour, **_DOT)
        axes.set(title=TITLES[measure], xlabel=AXES[look.axis])
        _scales(axes, shown["line"], measure, look)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=_NAMES_IN_A_ROW, frameon=False, fontsize=9)
        figure.legend(handles=_meanings(baseline), loc="outside upper center", ncols=3, frameon=False, fontsize=9)
    file = io.BytesIO()
    figure.savefig(file, format=kind)
    return file.getvalue()


def _scales(axes: Axes, values: pd.Series, measure: Measure, look: Look) -> None:
    """Scale the axes as the pages do: whole epochs, percent, few round ticks on a logarithmic scale."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    if look.axis == "epoch":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if look.logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(FixedLocator(log_ticks(values)))
        axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value:g}" if measure == "loss" else f"{value * 100:.6g}%")
    )


def _meanings(baseline: str | None) -> list[Line2D]:
    """Return the legend of dots, thin lines and dashes."""
    from matplotlib.lines import Line2D

    meanings = [
        Line2D([], [], color=_GREY, label="validation, after each epoch", **_THICK, **_DOT),
        Line2D([], [], color=_GREY, label="training, every few steps", **_THIN),
    ]
    if baseline:
        meanings.append(Line2D([], [], color=_GREY, linestyle="--", label="the baseline"))
    return meanings


def _coloured(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, _COLOURS[index % len(_COLOURS)]) for index, name in enumerate(names)]


def _legend(name: str) -> str:
    """Escape a name: Matplotlib reads a dollar as the start of a formula and hides names that begin with `_`."""
    text = name.replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text
