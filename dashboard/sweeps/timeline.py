"""The times at which the trials of a sweep were trained: the time axis of its charts, and the timeline."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import altair as alt
import pandas as pd

from core.language import Message, language, tr
from core.sweeps.records import Trial, TrialState
from dashboard.parts.vega_lite import POINTS, VegaLite, apply_layout, as_json, with_points
from dashboard.sweeps.trials import Trials, tooltip_fields
from dashboard.sweeps.wording import STATE_COLOURS, TRIAL_STATES

_LANE_HEIGHT = 26
_MARGIN_HEIGHT = 118
"""Height in pixels of the timeline's legend and time axis."""

_MAX_LANES = 16
"""Maximum number of lanes; further simultaneous trials share the last one."""

_UNITS = (
    (7200.0, 3600.0, Message("Hours since the start")),
    (180.0, 60.0, Message("Minutes since the start")),
    (0.0, 1.0, Message("Seconds since the start")),
)
"""Units of time: the shortest duration in the unit and the length of the unit (in seconds), and the axis title."""


def time_axis(trials: Trials, now: float = 0.0) -> tuple[float, float, Message]:
    """Return the start of a sweep, and the unit (in seconds) and the title of its time axis.

    `now`: the end of running trials, as a Unix timestamp; without it, the axis ends with the last complete trial.
    """
    start = min((trial.started for trial in trials.all), default=0.0)
    end = max((_end(trial, now) for trial in trials.all), default=start)
    return next((start, unit, title) for shortest, unit, title in _UNITS if end - start >= shortest)


def time_title(trials: Trials, now: float = 0.0) -> str:
    """Return the title of a time axis with its unit."""
    return tr(time_axis(trials, now)[2])


def _end(trial: Trial, now: float) -> float:
    """Return the end of a trial, which is not before its start even if the clock was set back in between."""
    return max(trial.started, trial.ended or now)


def timeline_chart(trials: Trials, now: float) -> VegaLite:
    """Draw when each trial was trained, with simultaneous trials in separate lanes; `now`: a Unix timestamp.

    A triangle marks a trial that was interrupted and resumed.
    """
    bars = timeline_bars(trials, now)
    states = tuple(state for state in STATE_COLOURS if trials.counts[state])
    chart = _chart(time_title(trials, now), int(bars["lane"].max()) if len(bars) else 1, states, language())
    names = {state: tr(name) for state, name in TRIAL_STATES.items()}
    return with_points(chart, bars.assign(state=bars["state"].replace(names)) if len(bars) else bars)


def timeline_bars(trials: Trials, now: float) -> pd.DataFrame:
    """Return the start, the end and the lane of each trial; `now`: the end of running trials."""
    start, unit, _ = time_axis(trials, now)
    lanes = timeline_lanes(trials.all, now)
    rows = [
        {
            "from": (trial.started - start) / unit,
            "to": (_end(trial, now) - start) / unit,
            "lane": lane,
            "state": trial.state,
            "retries": trial.retries,
            "took": round(_end(trial, now) - trial.started, 1),
            **tooltip_fields(trial),
        }
        for trial, lane in zip(trials.all, lanes, strict=True)
    ]
    return pd.DataFrame(rows)


def timeline_lanes(trials: Sequence[Trial], now: float) -> list[int]:
    """Return the lane of each trial, from 1; a lane holds one trial at a time."""
    ends: list[float] = []
    lanes = [0] * len(trials)
    for index in sorted(range(len(trials)), key=lambda index: (trials[index].started, index)):
        trial = trials[index]
        free = next((lane for lane, end in enumerate(ends) if end <= trial.started), None)
        if free is None and len(ends) < _MAX_LANES:
            ends.append(0.0)
        lane = len(ends) - 1 if free is None else free
        ends[lane] = max(ends[lane], trial.ended or now)
        lanes[index] = lane + 1
    return lanes


@lru_cache(maxsize=50)
def _chart(time: str, lanes: int, states: tuple[TrialState, ...], language: str) -> str:  # noqa: ARG001
    base = alt.Chart(alt.NamedData(POINTS)).encode(
        y=alt.Y("lane:O", title=None, axis=None, scale=alt.Scale(paddingInner=0.25)),
        tooltip=[
            alt.Tooltip("trial:Q", title=tr("trial")),
            alt.Tooltip("state:N", title=tr("state")),
            alt.Tooltip("took:Q", title=tr("seconds")),
            alt.Tooltip("retries:Q", title=tr("interrupted and resumed")),
            alt.Tooltip("settings:N", title=tr("settings")),
        ],
    )
    colours = [colour for state, colour in STATE_COLOURS.items() if state in states]
    bars = base.mark_bar(cornerRadius=2).encode(
        x=alt.X("from:Q", title=time, scale=alt.Scale(nice=False)),
        x2="to:Q",
        color=alt.Color(
            "state:N",
            title=None,
            scale=alt.Scale(domain=[tr(TRIAL_STATES[state]) for state in states], range=colours),
            legend=alt.Legend(orient="top", symbolType="square"),
        ),
    )
    retries = (
        base.transform_filter("datum.retries > 0")
        .mark_point(
            shape="triangle-right", filled=True, size=90, color="#ffffff", stroke="#17211f", strokeWidth=1, opacity=1
        )
        .encode(x=alt.X("from:Q"), xOffset=alt.value(7))
    )
    return as_json(apply_layout(bars + retries, _LANE_HEIGHT * max(lanes, 1) + _MARGIN_HEIGHT))
