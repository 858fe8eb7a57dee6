"""The charts of a sweep's results: best so far, importance of settings, and accuracy against size or time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, Literal, get_args

import altair as alt
import pandas as pd

from core.language import Message, language, tr
from core.sweeps.records import Objective, Trial
from dashboard.parts.charts import CORRECT_COLOUR, MISTAKE_COLOUR
from dashboard.parts.vega_lite import POINTS, VegaLite, apply_layout, as_json, with_points
from dashboard.runs.parallel_axes import MIN_ERROR
from dashboard.sweeps.timeline import time_axis, time_title
from dashboard.sweeps.trials import Trials, accuracy, measurement, seconds, tooltip_fields
from dashboard.sweeps.wording import (
    OBJECTIVE_NOUNS,
    OBJECTIVES,
    setting_title,
)
from dashboard.training.log_ticks import log_ticks

Cost = Literal["parameters", "milliseconds", "seconds"]
"""The costs that are plotted against accuracy; `seconds`: the duration of the trial."""

COSTS: dict[Cost, Message] = {
    "parameters": OBJECTIVES["parameters"],
    "milliseconds": OBJECTIVES["milliseconds"],
    "seconds": Message("Seconds of training"),
}
COST_NAMES: dict[Cost, Message] = {
    "parameters": Message("Size"),
    "milliseconds": Message("Speed"),
    "seconds": Message("Time"),
}
"""The costs in one word each, so that the choice between them fits on a phone."""
TRADE_OFF_TITLES: dict[Cost, Message] = {
    "parameters": Message("Accuracy against parameters"),
    "milliseconds": Message("Accuracy against milliseconds per drawing"),
    "seconds": Message("Accuracy against seconds of training"),
}

_HEIGHT = 260
_BAR_HEIGHT = 30


def best_so_far(trials: Trials) -> VegaLite:
    """Draw the accuracy of each complete trial over time, and the best accuracy so far as a line.

    A dashed line shows the accuracy of the first trial, which has the settings that the sweep started from.
    """
    points = best_points(trials)
    ticks = tuple(log_ticks(points["error"]))
    chart = _best_chart(trials.settings.objectives[0], time_title(trials), ticks, language())
    return with_points(chart, points)


def best_points(trials: Trials) -> pd.DataFrame:
    """Return the errors of the complete trials in the order in which they ended, and the lowest error so far."""
    start, unit, _ = time_axis(trials)
    best, rows = 0.0, []
    for trial in sorted(trials.complete, key=lambda trial: trial.ended or trial.started):
        best = max(best, accuracy(trial))
        rows.append(
            {
                "time": ((trial.ended or trial.started) - start) / unit,
                "error": _error(accuracy(trial)),
                "best": _error(best),
                "accuracy": accuracy(trial),
                "preset": _error(accuracy(trial)) if trial.number == 0 else None,
                **tooltip_fields(trial),
            }
        )
    return pd.DataFrame(rows)


@lru_cache(maxsize=50)
def _best_chart(objective: Objective, time: str, ticks: tuple[float, ...], language: str) -> str:  # noqa: ARG001
    title = tr(OBJECTIVES[objective])
    base = alt.Chart(alt.NamedData(POINTS))
    x = alt.X("time:Q", title=time, scale=alt.Scale(nice=False, zero=True, padding=6))
    dots = base.mark_circle(size=46, opacity=0.55, color=CORRECT_COLOUR).encode(
        x=x, y=_accuracy_axis("error", title, ticks), tooltip=_tooltips(objective)
    )
    line = base.mark_line(interpolate="step-after", strokeWidth=2.5, color=MISTAKE_COLOUR).encode(
        x=x, y=_accuracy_axis("best", title, ticks)
    )
    preset = (
        base.transform_filter("isValid(datum.preset)")
        .mark_rule(strokeDash=[5, 4], opacity=0.8, color="#7f8c89", strokeWidth=1.5)
        .encode(y=_accuracy_axis("preset", title, ticks))
    )
    return as_json(apply_layout(preset + dots + line, _HEIGHT))


def importance(shares: Mapping[str, float], text_colour: str) -> alt.LayerChart:
    """Draw each setting's share of the variation in accuracy, the largest first."""
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    table = pd.DataFrame([{"setting": setting_title(name), "share": share} for name, share in ordered])
    # The scale leaves room for the numbers beside the bars.
    scale = alt.Scale(domain=[0, max(0.05, float(table["share"].max()) * 1.15)], nice=False)
    base = alt.Chart(table).encode(
        x=alt.X("share:Q", title=None, scale=scale, axis=None),
        y=alt.Y(
            "setting:N",
            title=None,
            sort=list(table["setting"]),
            axis=alt.Axis(ticks=False, domain=False, labelFontSize=13, labelPadding=8, labelLimit=170),
        ),
        tooltip=[
            alt.Tooltip("setting", title=tr("setting")),
            alt.Tooltip("share", title=tr("importance"), format=".1%"),
        ],
    )
    bars = base.mark_bar(color=CORRECT_COLOUR, opacity=0.8, cornerRadiusEnd=3, height={"band": 0.62})
    numbers = base.mark_text(align="left", dx=5, color=text_colour).encode(text=alt.Text("share:Q", format=".0%"))
    return apply_layout(bars + numbers, _BAR_HEIGHT * len(table) + 10)


def known_costs(trials: Trials) -> list[Cost]:
    """Return the costs that differ between trials, the second objective first."""
    second = trials.settings.objectives[1:]
    costs = [cost for cost in get_args(Cost) if len({_cost(trial, cost) for trial in trials.complete} - {None}) > 1]
    return sorted(costs, key=lambda cost: cost not in second)


def trade_off_points(trials: Trials, cost: Cost) -> pd.DataFrame:
    """Return the complete trials with their accuracy and cost, the cheapest first.

    `pareto`: True if no other trial is as cheap and more accurate, or as accurate and cheaper.
    """
    rows = [
        {"cost": value, "accuracy": accuracy(trial), "error": _error(accuracy(trial)), **tooltip_fields(trial)}
        for trial in trials.complete
        if (value := _cost(trial, cost)) is not None
    ]
    points = pd.DataFrame(rows, columns=["cost", "accuracy", "error", "trial", "settings"])
    points = points.sort_values(["cost", "accuracy"], ascending=[True, False], kind="stable")
    # In order of cost, a trial is on the front if it is more accurate than all cheaper ones.
    points["pareto"] = points["accuracy"] > points["accuracy"].cummax().shift(fill_value=-1.0)
    return points.reset_index(drop=True)


def trade_off(points: pd.DataFrame, trials: Trials, cost: Cost, chosen: int | None) -> VegaLite:
    """Draw accuracy against a cost, from `trade_off_points`; the Pareto front is a line, the chosen trial is larger.

    The chart has a selection named `trial`.
    """
    objective = trials.settings.objectives[0]
    logarithmic = bool(len(points) and points["cost"].min() > 0 and points["cost"].max() > 10 * points["cost"].min())
    chart = _trade_off_chart(objective, cost, tuple(log_ticks(points["error"])), logarithmic, language())
    return with_points(chart, points.assign(chosen=points["trial"] == chosen))


@lru_cache(maxsize=50)
def _trade_off_chart(
    objective: Objective,
    cost: Cost,
    ticks: tuple[float, ...],
    logarithmic: bool,
    language: str,  # noqa: ARG001 - part of the key
) -> str:
    title, cost_title = tr(OBJECTIVES[objective]), tr(COSTS[cost])
    base = alt.Chart(alt.NamedData(POINTS))
    scale = (
        alt.Scale(type="log", nice=False, padding=20) if logarithmic else alt.Scale(zero=False, nice=True, padding=20)
    )
    # A prefix suits a count, as in 20k, but 20m is no number of milliseconds.
    number_format = "~s" if cost == "parameters" else ",~r"
    x = alt.X("cost:Q", title=cost_title, scale=scale, axis=alt.Axis(tickCount=5, format=number_format))
    y = _accuracy_axis("error", title, ticks)
    selection = alt.selection_point(name="trial", fields=["trial"], toggle=False)
    dots = (
        base.mark_circle(cursor="pointer", opacity=0.85)
        .encode(
            x=x,
            y=y,
            color=alt.condition("datum.pareto", alt.value(MISTAKE_COLOUR), alt.value(CORRECT_COLOUR)),
            opacity=alt.condition("datum.pareto || datum.chosen", alt.value(1), alt.value(0.45)),
            size=alt.condition("datum.chosen", alt.value(260), alt.value(80)),
            tooltip=[
                *_tooltips(objective)[:2],
                alt.Tooltip("cost:Q", title=cost_title, format=",.4~g"),
                alt.Tooltip("settings:N", title=tr("settings")),
            ],
        )
        .add_params(selection)
    )
    front = (
        base.transform_filter("datum.pareto")
        .mark_line(interpolate="step-after", color=MISTAKE_COLOUR, strokeWidth=1.5, opacity=0.7)
        .encode(x=x, y=y, order="cost:Q")
    )
    return as_json(apply_layout(front + dots, _HEIGHT))


def selected_trial(event: Mapping[str, Any] | None) -> int | None:
    """Return the trial that was clicked in the chart of `trade_off`, or None."""
    picked: Collection[Any] = ((event or {}).get("selection") or {}).get("trial") or ()
    first = next(iter(picked), None)
    number = first.get("trial") if isinstance(first, Mapping) else None
    return int(number) if isinstance(number, int | float) else None


def _cost(trial: Trial, cost: Cost) -> float | None:
    return seconds(trial) if cost == "seconds" else measurement(trial, cost)


def _error(value: float) -> float:
    return max(1 - value, MIN_ERROR)


def _accuracy_axis(field: str, title: str, ticks: tuple[float, ...]) -> alt.Y:
    """Return an accuracy axis on a logarithmic scale of the error, so that values near 100% can be told apart."""
    return alt.Y(
        f"{field}:Q",
        title=title,
        scale=alt.Scale(type="log", reverse=True, nice=False, padding=12),
        axis=alt.Axis(values=list(ticks), labelExpr="format(1 - datum.value, '.3~%')"),
    )


def _tooltips(objective: Objective) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("trial:Q", title=tr("trial")),
        alt.Tooltip("accuracy:Q", title=tr(OBJECTIVE_NOUNS[objective]), format=".2%"),
        alt.Tooltip("settings:N", title=tr("settings")),
    ]
