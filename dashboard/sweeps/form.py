"""The form for a new sweep, with an estimate of its duration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any

import streamlit as st

from core.config import DEFAULT_PRESET, PRESETS, TrainingConfig, preset, replace_settings
from core.environment import worker_count
from core.errors import TrazoError
from core.language import Message, ntr, tr
from core.runs.summary import Summary
from core.sweeps.command import sweep_command
from core.sweeps.control import check_settings
from core.sweeps.records import MAXIMIZED, Objective, SweepSettings
from dashboard.parts.units import duration
from dashboard.runs import run_cache
from dashboard.session import address, sweeps
from dashboard.session.permission import safe_text
from dashboard.sweeps.actions import start_new
from dashboard.sweeps.space_form import Parameter, choose_parameters
from dashboard.sweeps.wording import OBJECTIVES
from dashboard.training.wording import PRESET_DESCRIPTIONS

MAX_TITLE_CHARACTERS = 60
_OFFERED_BASE = "offered"
_LATEST_RUNS = 5
_FIRST_OBJECTIVES: tuple[Objective, ...] = MAXIMIZED
_SECOND_OBJECTIVES: tuple[Objective, ...] = ("parameters", "milliseconds")


def new_sweep_form(dataset_id: str) -> None:
    """Show the form; its button starts the sweep and opens its page."""
    base, form_key = _choose_base(dataset_id)
    parameters, problem = _choose_parameters(base, form_key)
    goal, extent = _choose_goal(), _choose_extent()
    title = st.text_input(
        tr("Name"),
        max_chars=MAX_TITLE_CHARACTERS,
        placeholder=tr("Optional, such as: does dropout help?"),
        key="sweep_title",
    )
    settings = None
    if parameters:
        settings = SweepSettings(
            created=datetime.now(UTC), title=title or "", base=base, parameters=tuple(parameters), **goal, **extent
        )
        problem = problem or _problem(settings)
    if problem or settings is None:
        st.warning(safe_text(problem or Message("Choose at least one setting to vary.")), icon=":material/warning:")
        return
    st.caption(estimate(settings, run_cache.listing().rows))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(tr("Start the sweep"), type="primary", icon=":material/play_arrow:", key="start_sweep"):
            sweep = start_new(settings)
            if sweep:
                sweeps.forget_base()
                st.switch_page("views/sweep.py", query_params={"id": sweep.id})
        copy_as_command(settings)


def _choose_parameters(base: TrainingConfig, form_key: str) -> tuple[list[Parameter], TrazoError | None]:
    """Let the visitor choose the settings to vary; return them, or an empty list and the problem."""
    try:
        return choose_parameters(base, form_key), None
    except TrazoError as error:
        return [], error


def _problem(settings: SweepSettings) -> TrazoError | None:
    try:
        check_settings(settings)
    except TrazoError as error:
        return error
    return None


def copy_as_command(settings: SweepSettings) -> None:
    """Show a button that opens a command for starting the same sweep."""
    with st.popover(tr("Copy as command"), icon=":material/terminal:", key="sweep_command"):
        st.caption(tr("Starts the same sweep from a terminal, in Trazo's folder."))
        st.code(sweep_command(settings), language="bash", wrap_lines=True)


def _choose_base(dataset_id: str) -> tuple[TrainingConfig, str]:
    """Let the visitor choose the settings to search around; return them and the prefix of the form's keys."""
    offered = sweeps.offered_base()
    options = [DEFAULT_PRESET, *(name for name in PRESETS if name != DEFAULT_PRESET)]
    if offered:
        options.insert(0, _OFFERED_BASE)
    chosen = st.selectbox(
        tr("Search around"),
        options,
        options.index(address.choice("preset", options, options[0])),
        format_func=lambda name: (
            tr("Settings of {title}", title=offered.title)
            if offered and name == _OFFERED_BASE
            else f"{name}: {tr(PRESET_DESCRIPTIONS[name])}"
        ),
        key=f"sweep_base_{hash(offered)}",
        help=tr("The first trial has exactly these settings, so that you see what the sweep gains."),
    )
    if offered and chosen == _OFFERED_BASE:
        return offered.config, f"sweep_{hash(offered)}"
    return preset(chosen, dataset_id), f"sweep_{dataset_id}_{chosen}"


def _choose_goal() -> dict[str, Any]:
    """Let the visitor choose one or two objectives, and whether hopeless trials end early."""
    with st.grid(3, min_column_width=220):
        first = st.selectbox(
            tr("Looking for the best"),
            _FIRST_OBJECTIVES,
            format_func=lambda name: tr(OBJECTIVES[name]),
            key="sweep_objective",
            help=tr("Both are measured on validation images. No trial sees the test set."),
        )
        second = st.selectbox(
            tr("And, if possible, few"),
            _SECOND_OBJECTIVES,
            index=None,
            placeholder=tr("Nothing else"),
            format_func=lambda name: tr(OBJECTIVES[name]),
            key="sweep_second",
            help=tr("With two goals, the sweep finds the most accurate network for each size or speed."),
        )
        prunable = second is None and first == "validation_accuracy"
        pruning = st.toggle(
            tr("End hopeless trials"),
            prunable,
            # Each case has its own key, because a widget keeps its first value.
            key="sweep_pruning" if prunable else "sweep_no_pruning",
            disabled=not prunable,
            help=tr(
                "Pruning: a trial is stopped if its validation accuracy is clearly below the best at the same point "
                "in training. Possible only if the validation accuracy is the only goal."
            ),
        )
    return {"objectives": (first, second) if second else (first,), "pruning": pruning or not prunable}


def _choose_extent() -> dict[str, Any]:
    """Let the visitor choose when the sweep ends, and the number of seeds."""
    with st.grid(3, min_column_width=220):
        trials = st.number_input(
            tr("Trials"),
            1,
            10_000,
            20,
            key="sweep_trials",
            help=tr(
                "The sweep starts at most this many trials, and none after the time limit next to it; to limit it by "
                "time alone, enter a large number. From 20 trials on, the page shows which settings matter."
            ),
        )
        hours = st.number_input(
            tr("Maximum hours"), 0.1, 1000.0, None, step=0.5, placeholder=tr("No limit"), key="sweep_hours"
        )
        seeds = st.number_input(
            tr("Seeds per trial"),
            1,
            10,
            1,
            key="sweep_seeds",
            help=tr(
                "Number of times that each trial is trained, each time with a different seed. More seeds help to "
                "tell progress from luck, but take proportionally longer."
            ),
        )
    return {"trials": trials, "hours": hours, "seeds_per_trial": seeds}


def estimate(settings: SweepSettings, rows: Sequence[Summary]) -> str:
    """Return a sentence with the estimated duration of a sweep on this machine; `rows`: all runs, newest first."""
    timed_runs = (row for row in rows if row.state == "finished" and row.has_model and row.config and row.seconds)
    base = settings.base
    times = [row.seconds for row in timed_runs if row.config and replace_settings(row.config, seed=base.seed) == base]
    limit = _limit_text(settings.hours) if settings.hours else ""
    if not times or settings.trials is None:
        unknown = tr("The time is not known yet, because no run with these settings has finished on this machine.")
        return f"{unknown} {limit}"
    seconds = median(filter(None, times[:_LATEST_RUNS]))
    workers = worker_count()
    runs = settings.trials * settings.seeds_per_trial
    total = duration(seconds * runs / workers)
    known = _known_time(runs, duration(seconds), total, workers, at_most=settings.prunes)
    winner = tr("Training the winner again adds three runs.")
    return f"{known} {winner} {limit}"


def _limit_text(hours: float) -> str:
    # The number that selects the plural must be an integer.
    plural = 1 if hours == 1 else 2
    return ntr("No trial begins after {hours:g} hour.", "No trial begins after {hours:g} hours.", plural, hours=hours)


def _known_time(runs: int, per_run: str, total: str, workers: int, *, at_most: bool) -> str:
    """Return a sentence with the duration of each run and of all runs."""
    values = {"each": per_run, "total": total, "workers": workers}
    if workers > 1 and at_most:
        return ntr(
            "{count:,} run of about {each} each: at most about {total}, {workers} at once.",
            "{count:,} runs of about {each} each: at most about {total}, {workers} at once.",
            runs,
            **values,
        )
    if workers > 1:
        return ntr(
            "{count:,} run of about {each} each: about {total}, {workers} at once.",
            "{count:,} runs of about {each} each: about {total}, {workers} at once.",
            runs,
            **values,
        )
    if at_most:
        return ntr(
            "{count:,} run of about {each} each: at most about {total}, one after another.",
            "{count:,} runs of about {each} each: at most about {total}, one after another.",
            runs,
            **values,
        )
    return ntr(
        "{count:,} run of about {each} each: about {total}, one after another.",
        "{count:,} runs of about {each} each: about {total}, one after another.",
        runs,
        **values,
    )
