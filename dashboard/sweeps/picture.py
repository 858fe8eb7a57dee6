"""The charts of a sweep as one PNG or SVG file, drawn with Matplotlib."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from core.language import number, tr
from dashboard.parts.charts import CORRECT_COLOUR, MISTAKE_COLOUR
from dashboard.runs.curves_picture import PictureFormat
from dashboard.runs.parallel_axes import Axis, Line
from dashboard.sweeps import charts
from dashboard.sweeps import trials as tables
from dashboard.sweeps.charts import COSTS, TRADE_OFF_TITLES
from dashboard.sweeps.timeline import time_title, timeline_bars
from dashboard.sweeps.trials import Trials
from dashboard.sweeps.wording import OBJECTIVES, STATE_COLOURS, TRIAL_STATES, setting_title, sweep_title
from dashboard.training.log_ticks import log_ticks

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_FAINT = "#9caaa6"


def sweep_picture(trials: Trials, kind: PictureFormat = "png", now: float | None = None) -> bytes:
    """Return the sweep's charts as a PNG or SVG file; `now`: the end of running trials, a Unix timestamp."""
    # Imported here, because Matplotlib would delay the start of the dashboard.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 12), dpi=130, layout="constrained")
    # Matplotlib reads a dollar sign as the start of a formula.
    figure.suptitle(sweep_title(trials.settings).replace("$", r"\$"))
    panels = figure.subplot_mosaic([["lines", "lines"], ["best", "importance"], ["cost", "time"]])
    chart_axes = tables.axes(trials)
    draw_parallel_coordinates(panels["lines"], chart_axes, tables.lines(trials, chart_axes))
    if trials.complete:
        _draw_best(panels["best"], trials)
    _draw_importance(panels["importance"], trials)
    _draw_trade_off(panels["cost"], trials)
    _draw_timeline(panels["time"], trials, now)
    for name in ("best", "importance", "cost", "time"):
        panels[name].spines[["top", "right"]].set_visible(False)
    file = io.BytesIO()
    figure.savefig(file, format=kind)
    return file.getvalue()


def draw_parallel_coordinates(panel: Axes, axes: list[Axis], lines: list[Line]) -> None:
    """Draw parallel coordinates without the selected ranges."""
    from matplotlib import colormaps
    from matplotlib.collections import LineCollection

    values = np.array([[np.nan if value is None else value for value in axis.values] for axis in axes], float)
    low, high = (np.array([[getattr(axis, end)] for axis in axes]) for end in ("low", "high"))
    heights = (values - low) / (high - low)
    order = sorted(range(len(lines)), key=lambda index: (lines[index].best, lines[index].shade or -1))
    shades = colormaps["BuGn"]
    panel.add_collection(
        LineCollection(
            [[(x, height) for x, height in enumerate(heights[:, index]) if not np.isnan(height)] for index in order],
            colors=[
                MISTAKE_COLOUR
                if lines[index].best
                else _FAINT
                if (shade := lines[index].shade) is None
                else shades(0.3 + 0.7 * shade)
                for index in order
            ],
            linewidths=[2.5 if lines[index].best else 1 for index in order],
            alpha=0.7,
        )
    )
    for x, axis in enumerate(axes):
        panel.axvline(x, color="#17211f", linewidth=0.8)
        for value, text in axis.ticks:
            panel.annotate(
                text.replace("$", r"\$"),
                (x, (value - axis.low) / (axis.high - axis.low)),
                xytext=(4, -3),
                textcoords="offset points",
                fontsize=8,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.6},
            )
    panel.set(xlim=(-0.1, len(axes) - 0.6), ylim=(-0.03, 1.03), yticks=[])
    panel.set_xticks(range(len(axes)), [axis.title.replace("$", r"\$") for axis in axes])
    panel.xaxis.tick_top()
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)


def _draw_best(panel: Axes, trials: Trials) -> None:
    points = charts.best_points(trials)
    panel.plot(points["time"], points["error"], "o", color=CORRECT_COLOUR, alpha=0.6, markersize=4)
    panel.step(points["time"], points["best"], where="post", color=MISTAKE_COLOUR, linewidth=2)
    preset = points["preset"].dropna()
    if len(preset):
        panel.axhline(float(preset.iloc[0]), color="#7f8c89", linestyle="--", linewidth=1)
    _scale_error(panel, points["error"])
    panel.set(
        title=tr("Best so far"),
        xlabel=time_title(trials),
        ylabel=tr(OBJECTIVES[trials.settings.objectives[0]]),
    )


def _draw_importance(panel: Axes, trials: Trials) -> None:
    panel.set_title(tr("Importance of settings"))
    shares = sorted((trials.progress.importance or {}).items(), key=lambda item: item[1])
    if not shares:
        panel.text(0.5, 0.5, tr("too few trials"), ha="center", transform=panel.transAxes)
        panel.set(xticks=[], yticks=[])
        return
    panel.barh([setting_title(name) for name, _ in shares], [share for _, share in shares], color=CORRECT_COLOUR)
    panel.xaxis.set_major_formatter(lambda share, _: number(share, ".0%"))


def _draw_trade_off(panel: Axes, trials: Trials) -> None:
    cost = next(iter(charts.known_costs(trials)), None)
    if cost is None:
        panel.set_axis_off()
        return
    points = charts.trade_off_points(trials, cost)
    panel.plot(points["cost"], points["error"], "o", color=CORRECT_COLOUR, alpha=0.5, markersize=5)
    front = points[points["pareto"]]
    panel.step(front["cost"], front["error"], "o-", where="post", color=MISTAKE_COLOUR)
    _scale_error(panel, points["error"])
    panel.set(title=tr(TRADE_OFF_TITLES[cost]), xlabel=tr(COSTS[cost]))


def _draw_timeline(panel: Axes, trials: Trials, now: float | None) -> None:
    end = now or max((trial.ended or trial.started for trial in trials.all), default=0.0)
    bars = timeline_bars(trials, end)
    for state, colour in STATE_COLOURS.items():
        shown = bars[bars["state"] == state] if len(bars) else bars
        if len(shown):
            panel.barh(
                shown["lane"],
                shown["to"] - shown["from"],
                left=shown["from"],
                color=colour,
                label=tr(TRIAL_STATES[state]),
            )
    if len(bars):
        panel.legend(frameon=False, ncols=4, fontsize=8, loc="upper left", bbox_to_anchor=(0, 1.02))
        panel.set_ylim(float(bars["lane"].max()) + 1.2, 0)
        panel.set_yticks(sorted(bars["lane"].unique()))
    panel.set(title=tr("Timeline"), xlabel=time_title(trials, end))


def _scale_error(panel: Axes, errors: pd.Series) -> None:
    """Put an accuracy axis on a logarithmic scale of the error, as the page does."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    panel.set_yscale("log")
    panel.invert_yaxis()
    panel.yaxis.set_major_locator(FixedLocator(log_ticks(errors)))
    panel.yaxis.set_minor_locator(NullLocator())
    panel.yaxis.set_major_formatter(FuncFormatter(lambda error, _: tr("{percent:.5g}%", percent=100 * (1 - error))))
    panel.grid(alpha=0.25)
