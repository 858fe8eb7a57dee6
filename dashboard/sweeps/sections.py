"""The sections of a sweep's page: its charts, the choice of a trial, and the table of trials."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.language import ntr, number, tr
from core.sweeps.records import MIN_TRIALS_FOR_IMPORTANCE, Range, Trial
from core.sweeps.sweep import Sweep
from dashboard.parts.badges import BadgeColour, cell_colours
from dashboard.parts.chart_text import listed
from dashboard.parts.show_chart import show_chart
from dashboard.parts.theme import text_colour
from dashboard.runs.parallel_coordinates import HINT, selected_ranges, show_parallel_coordinates
from dashboard.session.markdown import plain
from dashboard.session.permission import may_change
from dashboard.sweeps import charts
from dashboard.sweeps import trials as tables
from dashboard.sweeps.actions import use_trial
from dashboard.sweeps.charts import COST_NAMES, TRADE_OFF_TITLES, Cost
from dashboard.sweeps.timeline import timeline_chart
from dashboard.sweeps.trials import Trials, accuracy, measurement, run_column
from dashboard.sweeps.wording import (
    OBJECTIVES,
    TRIAL_STATES,
    objective_text,
    setting_column,
    setting_text,
    setting_title,
)

_TABLE_HEIGHT = 420
_STATE_NAMES = {str(state): name for state, name in TRIAL_STATES.items()}
_STATE_BADGES: dict[str, BadgeColour] = {"complete": "green", "pruned": "orange", "failed": "red", "running": "primary"}


def progress_and_importance(trials: Trials) -> None:
    """Draw the best result over time beside the importance of the settings."""
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.subheader(tr("Best so far"), anchor=False)
        st.caption(
            tr("Each dot is a complete trial. Line: the best one so far. Dashed: the first trial (starting settings).")
        )
        show_chart(charts.best_so_far(trials), alt=tr("Best accuracy over time"))
    with right:
        st.subheader(tr("Which settings matter"), anchor=False)
        shares = trials.progress.importance
        if shares:
            st.caption(tr("How much of the difference between good and bad trials comes from each setting."))
            numbers = listed({setting_title(name): number(share, ".0%") for name, share in shares.items()})
            show_chart(
                charts.importance(shares, text_colour()),
                alt=tr("Importance of each setting: {numbers}.", numbers=numbers),
            )
        else:
            st.info(too_few_trials(trials), icon=":material/hourglass_empty:")


def too_few_trials(trials: Trials) -> str:
    """Return the sentence shown in place of the importance of settings."""
    missing = trials.missing_for_importance
    if not missing:
        return tr("Not known yet: it is computed after the next trial.")
    return ntr(
        "Too few trials: {count:,} more complete trial needed. With fewer than {minimum}, a setting may seem to "
        "matter by chance.",
        "Too few trials: {count:,} more complete trials needed. With fewer than {minimum}, a setting may seem to "
        "matter by chance.",
        missing,
        minimum=MIN_TRIALS_FOR_IMPORTANCE,
    )


def settings_and_results(sweep: Sweep, trials: Trials) -> list[Trial]:
    """Draw parallel coordinates; return the trials within the ranges that the visitor has selected."""
    st.subheader(tr("Settings and results"), anchor=False)
    meaning = tr("Each line is a trial. The stronger its colour, the more accurate it is; the best is orange.")
    st.caption(f"{meaning} {tr(HINT)}")
    axes = tables.axes(trials)
    inside = show_parallel_coordinates(axes, tables.lines(trials, axes), _coordinates_key(sweep))
    return [trial for trial, shown in zip(trials.all, inside, strict=True) if shown]


def _coordinates_key(sweep: Sweep) -> str:
    return f"coordinates_{sweep.id}"


def trade_off(sweep: Sweep, trials: Trials) -> None:
    """Draw accuracy against size or time, and let the visitor retrain one of the trials."""
    costs = charts.known_costs(trials)
    if not costs:
        return
    st.subheader(tr("Accuracy against size and time"), anchor=False)
    st.caption(
        tr(
            "Each dot is a complete trial. Orange: no other trial is more accurate without being larger or slower (the "
            "Pareto front). Click a dot to choose it."
        )
    )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        cost = _choose_cost(costs)
        points = charts.trade_off_points(trials, cost)
        key = f"trade_off_{sweep.id}_{cost}"
        clicked = charts.selected_trial(st.session_state.get(key))
        show_chart(
            charts.trade_off(points, trials, cost, clicked),
            alt=tr(TRADE_OFF_TITLES[cost]),
            on_select="rerun",
            selection_mode="trial",
            key=key,
        )
    with right:
        _show_choice(sweep, trials, points, clicked)


def _choose_cost(costs: Sequence[Cost]) -> Cost:
    """Let the visitor choose the horizontal axis, if there is a choice."""
    if len(costs) == 1:
        return costs[0]
    return st.segmented_control(
        tr("Horizontal axis"),
        costs,
        default=costs[0],
        required=True,
        format_func=lambda cost: tr(COST_NAMES[cost]),
        label_visibility="collapsed",
        key="sweep_cost",
    )


def _show_choice(sweep: Sweep, trials: Trials, points: pd.DataFrame, clicked: int | None) -> None:
    """Let the visitor choose a trial on the Pareto front, or show the clicked one; a button retrains it."""
    front = [int(number) for number in points.loc[points["pareto"], "trial"]][::-1]
    options = list(dict.fromkeys([*([clicked] if clicked is not None else []), *front]))
    number = st.selectbox(
        tr("Trial"),
        options,
        format_func=lambda number: _trial_text(trials, number),
        # A click chooses a trial; a new key makes it the first option.
        key=f"use_trial_{sweep.id}_{clicked}",
    )
    trial = trials.trial(number)
    if trial is None:
        return
    rows = {setting_title(name): plain(setting_text(name, value)) for name, value in trial.settings.items()}
    st.table(pd.DataFrame({tr("Value"): rows.values()}, index=list(rows)), width="stretch")
    if not may_change():
        return
    with st.container(horizontal=True):
        _action_buttons(sweep, trials, trial)


def _action_buttons(sweep: Sweep, trials: Trials, trial: Trial) -> None:
    """Show a button that retrains a trial, and a link to the form for another sweep around it."""
    is_retrained = any(winner.trial == trial.number for winner in trials.progress.winners)
    st.button(
        tr("Trained again") if is_retrained else tr("Use this one"),
        icon=":material/check:" if is_retrained else ":material/rocket_launch:",
        key="use_trial",
        disabled=is_retrained,
        help=tr("Trains three ordinary runs with these settings and different seeds, and tests each run once."),
        on_click=use_trial,
        args=(sweep, trial.number),
    )
    # A button that calls `st.switch_page` would remove the sweep's id from the URL of this page.
    st.page_link(
        "views/sweeps.py",
        label=tr("Search around it"),
        icon=":material/travel_explore:",
        query_params={"around": sweep.id, "trial": str(trial.number)},
        width="content",
        help=tr("Opens the form for a new sweep that starts from these settings."),
    )


def _trial_text(trials: Trials, trial_number: int) -> str:
    trial = trials.trial(trial_number)
    if trial is None:
        return tr("Trial {trial}", trial=trial_number)
    parameters = measurement(trial, "parameters")
    result = objective_text(trials.settings.objectives[0], accuracy(trial))
    if not parameters:
        return tr("Trial {trial}: {result}", trial=trial_number, result=result)
    return tr(
        "Trial {trial}: {result}, {parameters:,.0f} parameters",
        trial=trial_number,
        result=result,
        parameters=parameters,
    )


def timeline(trials: Trials) -> None:
    """Draw a timeline of the trials."""
    st.subheader(tr("Timeline"), anchor=False)
    st.caption(
        tr(
            "Each bar is a trial. A triangle marks a trial that was interrupted and resumed after its last "
            "completed epoch."
        )
    )
    show_chart(timeline_chart(trials, time.time()), alt=tr("When each trial was trained"))


def trial_table(sweep: Sweep, trials: Trials, shown_trials: Sequence[Trial]) -> None:
    """Show a table of these trials, newest first, with links to their runs."""
    st.subheader(tr("Trials"), anchor=False)
    if len(shown_trials) < len(trials.all):
        st.caption(
            ntr(
                "{shown:,} of {count:,} trial, those in the ranges selected above.",
                "{shown:,} of {count:,} trials, those in the ranges selected above.",
                len(trials.all),
                shown=len(shown_trials),
            )
        )
    elif selected_ranges(_coordinates_key(sweep)):
        st.caption(tr("All trials are in the ranges selected above."))
    st.dataframe(
        tables.table(trials, list(reversed(shown_trials))),
        hide_index=True,
        placeholder="–",
        height=_TABLE_HEIGHT if len(shown_trials) > 10 else "auto",
        column_config=_columns(trials),
        key=f"trials_{sweep.id}",
        alt=tr("The trials"),
    )


def _columns(trials: Trials) -> dict:
    numbers, text = st.column_config.NumberColumn, st.column_config.TextColumn
    columns: dict = {
        "Trial": numbers(tr("Trial"), pinned=True, width=_width(tr("Trial"), 56)),
        "State": st.column_config.MultiselectColumn(
            tr("State"),
            options=list(_STATE_BADGES),
            color=cell_colours(_STATE_BADGES.values()),
            format_func=lambda state: tr(_STATE_NAMES[state]),
            width=96,
        ),
        "Retries": numbers(
            tr("Retries"),
            width=_width(tr("Retries"), 66),
            help=tr("How often the trial was interrupted and resumed."),
        ),
        "Seconds": numbers(tr("Seconds"), format="%.1f", width=_width(tr("Seconds"), 76)),
        "Message": text(tr("Message"), width=220),
    }
    for index in range(trials.settings.seeds_per_trial):
        label = tr("Run") if index == 0 else f"{index + 1}"
        columns[run_column(index)] = st.column_config.LinkColumn(
            label,
            display_text=":material/open_in_new:",
            width=_width(label, 44),
            help=tr("Opens the run of this trial in a new tab."),
        )
    for objective in trials.settings.objectives:
        number_format = (
            "%.2f%%" if objective.endswith("accuracy") else "localized" if objective == "parameters" else "%.3f"
        )
        label = tr(OBJECTIVES[objective])
        columns[str(OBJECTIVES[objective])] = numbers(label, format=number_format, width=_width(label, 130))
    for parameter in trials.settings.parameters:
        label = setting_title(parameter.name)
        columns[setting_column(parameter.name)] = (
            numbers(label, format="%.3g") if isinstance(parameter, Range) else text(label)
        )
    return columns


def _width(label: str, min_width: int) -> int:
    """Return a column width in pixels that fits the label."""
    return max(min_width, 7 * len(label) + 18)
