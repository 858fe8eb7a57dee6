"""Overlaid learning curves as a PNG or SVG file, drawn with Matplotlib."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from core.language import number, tr
from dashboard.training.chart_options import AXES, TITLES, ChartOptions, CurveMetric
from dashboard.training.curve_points import overlaid_points, shown_points
from dashboard.training.log_ticks import log_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

PictureFormat = Literal["png", "svg"]
_COLOURS = (
    *("#0f766e", "#d9652b", "#4457b8", "#b0851c", "#a8326c"),
    *("#5f7a2e", "#7a5cc0", "#2c8fb8", "#8a5a3c", "#66736f"),
)
"""The chart colours of the light theme (.streamlit/config.toml)."""
_GREY = "#56605d"
_LEGEND_COLUMNS = 4
_LEGEND_ROW_INCHES = 0.22
_THIN_LINE: dict[str, Any] = {"linewidth": 0.9, "alpha": 0.6}
_THICK_LINE: dict[str, Any] = {"linewidth": 1.8}
_DOT: dict[str, Any] = {"marker": "o", "markersize": 3.5}


def curves_picture(
    points: pd.DataFrame, options: ChartOptions, kind: PictureFormat = "png", baseline: str | None = None
) -> bytes:
    """Return the charts of `curves.overlaid_curves` for both metrics, side by side, as a PNG or SVG file."""
    # Imported here, because Matplotlib would delay the start of the dashboard.
    from matplotlib.figure import Figure

    names = list(points["run"].unique())
    legend_height = _LEGEND_ROW_INCHES * math.ceil(len(names) / _LEGEND_COLUMNS)
    figure = Figure(figsize=(11, 4.6 + legend_height), dpi=150, layout="constrained")
    colours = {name: _COLOURS[index % len(_COLOURS)] for index, name in enumerate(names)}
    for axes, metric in zip(figure.subplots(1, 2), options.metrics, strict=True):
        shown = shown_points(overlaid_points(points), metric, options)
        for name, colour in colours.items():
            style = {"color": colour, "linestyle": "--" if name == baseline else "-"}
            _plot_run(axes, shown[shown["run"] == name], options, style, label=_escape_name(name))
        axes.set(title=tr(TITLES[metric]), xlabel=tr(AXES[options.axis]))
        _set_scales(axes, shown["line"], metric, options)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    _add_legends(figure, axes, baseline)
    file = io.BytesIO()
    figure.savefig(file, format=kind)
    return file.getvalue()


def _plot_run(axes: Axes, run: pd.DataFrame, options: ChartOptions, style: dict[str, Any], label: str) -> None:
    steps, epochs = run[run["granularity"] == "step"], run[run["granularity"] == "epoch"]
    axes.plot(steps[options.axis], steps["line"], **style, **_THIN_LINE)
    axes.plot(epochs[options.axis], epochs["line"], label=label, **style, **_THICK_LINE)
    axes.plot(epochs[options.axis], epochs["value"], **{**style, "linestyle": ""}, **_DOT)


def _set_scales(axes: Axes, values: pd.Series, metric: CurveMetric, options: ChartOptions) -> None:
    """Scale the axes as the pages do: integer epochs, percent, and a few round numbers on a logarithmic scale."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    if options.axis == "epoch":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if options.logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(FixedLocator(log_ticks(values)))
        axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(
        FuncFormatter(
            lambda value, _: number(value, "g") if metric == "loss" else tr("{percentage:.6g}%", percentage=value * 100)
        )
    )


def _add_legends(figure: Figure, axes: Axes, baseline: str | None) -> None:
    """Add the names of the runs below the chart, and the meaning of the dots and lines above it, if there are runs."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=_LEGEND_COLUMNS, frameon=False, fontsize=9)
        figure.legend(handles=_line_styles(baseline), loc="outside upper center", ncols=3, frameon=False, fontsize=9)


def _line_styles(baseline: str | None) -> list[Line2D]:
    """Return the legend entries for dots, thin lines and dashes."""
    from matplotlib.lines import Line2D

    styles = [
        Line2D([], [], color=_GREY, label=tr("validation, after each epoch"), **_THICK_LINE, **_DOT),
        Line2D([], [], color=_GREY, label=tr("training, every few steps"), **_THIN_LINE),
    ]
    if baseline:
        styles.append(Line2D([], [], color=_GREY, linestyle="--", label=tr("baseline")))
    return styles


def _escape_name(name: str) -> str:
    """Escape a name: Matplotlib reads a dollar sign as the start of a formula and hides names that begin with `_`."""
    text = name.replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text
