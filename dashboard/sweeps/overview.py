"""The top of a sweep's page: its name, state, actions and figures."""

from __future__ import annotations

import time
from functools import partial

import streamlit as st

from core.language import Message, ntr, number, tr
from core.sweeps.records import Objective, SweepSettings, SweepStatus
from core.sweeps.sweep import Sweep
from dashboard.parts.dates import date_text
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.units import duration
from dashboard.runs.picture_buttons import picture_buttons
from dashboard.session.markdown import plain
from dashboard.session.permission import may_change, permission_note, safe_text
from dashboard.sweeps import trials as tables
from dashboard.sweeps.actions import state_buttons
from dashboard.sweeps.form import copy_as_command
from dashboard.sweeps.listing import sweep_badge
from dashboard.sweeps.picture import sweep_picture
from dashboard.sweeps.trials import Trials, accuracy, seconds
from dashboard.sweeps.wording import OBJECTIVE_NOUNS, base_text, count_text, objective_text, sweep_title

_BEST: dict[Objective, Message] = {
    "validation_accuracy": Message("Best validation accuracy"),
    "redrawn_accuracy": Message("Best accuracy on redrawn digits"),
}


def show_head(sweep: Sweep, status: SweepStatus, trials: Trials) -> None:
    """Show the name, the state and the goal of a sweep, and the buttons."""
    settings = trials.settings
    with st.container(horizontal=True, vertical_alignment="center", key="sweep_title_row"):
        st.title(plain(sweep_title(settings)), anchor=False, width="content")
        sweep_badge(sweep, status)
    created = tr("created {time}", time=date_text(settings.created.astimezone()))
    st.caption(f"{goal_text(settings)} · {created}")
    with st.container(horizontal=True, vertical_alignment="center", key="sweep_actions"):
        if may_change():
            state_buttons(sweep, status)
        copy_as_command(settings)
        _downloads(sweep, trials)
    permission_note("sweep")
    # While a sweep is running, its messages come and go, and would move the charts.
    if status.message and status.state in ("failed", "interrupted"):
        st.warning(safe_text(status.message), icon=":material/warning:")


def goal_text(settings: SweepSettings) -> str:
    """Return a sweep's preset and objectives in words."""
    first, *others = (tr(OBJECTIVE_NOUNS[objective]) for objective in settings.objectives)
    goal = tr("{others} and {last}", others=first, last=others[0]) if others else first
    preset = plain(settings.base.preset)
    if settings.seeds_per_trial > 1:
        return tr(
            "Searching around preset {preset} for the best {goal}, {seeds} seeds each",
            preset=preset,
            goal=goal,
            seeds=settings.seeds_per_trial,
        )
    return tr("Searching around preset {preset} for the best {goal}", preset=preset, goal=goal)


def _downloads(sweep: Sweep, trials: Trials) -> None:
    st.download_button(
        tr("Table as CSV"),
        data=partial(tables.csv, trials),
        file_name=f"sweep-{sweep.id}.csv",
        mime="text/csv",
        icon=":material/table_view:",
        key="sweep_csv",
        on_click="ignore",
    )
    with st.popover(tr("Save charts"), icon=":material/image:", key="sweep_picture"):
        picture_buttons(partial(sweep_picture, trials), f"sweep-{sweep.id}", "sweep_picture")


def show_figures(status: SweepStatus, trials: Trials) -> None:
    """Show the best result, the trials so far, and the time."""
    settings, counts, best = trials.settings, trials.counts, trials.best
    with st.container(key="sweep_figures"), st.grid(4, min_column_width=MIN_TILE_WIDTH):
        objective = settings.objectives[0]
        metric_tile(
            tr(_BEST[objective]),
            objective_text(objective, accuracy(best)) if best else "–",
            tr("trial {trial}", trial=best.number) if best else tr("no complete trial yet"),
            tr("The best of many trials is partly luck. Training the winner again shows how good it really is."),
        )
        metric_tile(tr("Gain"), *_gain(trials))
        metric_tile(
            tr("Trials"),
            number(trials.ended, ",") + (f" / {number(settings.trials, ',')}" if settings.trials else ""),
            ", ".join(count_text(state, count) for state, count in counts.items() if count) or tr("none yet"),
            tr(
                "Complete: trained to the end. Pruned: stopped early, because it was far behind. Failed: ended with "
                "an error, for example because training diverged."
            ),
        )
        metric_tile(tr("Time"), *times(status, trials))


def _gain(trials: Trials) -> tuple[str, str]:
    """Return the gain of the best trial over the first one in percentage points, and a note."""
    if not trials.preset or not trials.best:
        return "–", tr("over {base}", base=plain(base_text(trials.settings)))
    gain = 100 * (accuracy(trials.best) - accuracy(trials.preset))
    text = objective_text(trials.settings.objectives[0], accuracy(trials.preset))
    base = plain(base_text(trials.settings))
    return number(gain, "+.2f"), tr("points over {base} ({value})", base=base, value=text)


def times(status: SweepStatus, trials: Trials) -> tuple[str, str]:
    """Return the time spent, and an estimate of the time left for the trials or the duration of a typical trial."""
    spent = status.seconds + (max(0.0, time.time() - status.updated) if status.state == "running" else 0.0)
    trial_times = sorted(filter(None, map(seconds, trials.complete)))
    if not trial_times:
        return duration(spent), tr("no complete trial yet")
    settings = trials.settings
    if status.state == "running" and settings.trials:
        # Trials that another machine abandoned are not part of the requested number.
        left = (settings.trials - trials.ended) * spent / trials.ended
        if settings.hours is not None:
            left = min(left, 3600 * settings.hours - spent)
        if left > 0:  # otherwise, the last trials are ending or the winner is being retrained
            return duration(spent), tr("about {time} left for the trials", time=duration(left))
    return duration(spent), tr("{time} for a typical trial", time=duration(trial_times[len(trial_times) // 2]))


def describe_state(trials: Trials) -> str:
    """Return a sentence about a sweep without complete trials."""
    running = trials.counts["running"]
    charts_note = tr("The charts appear when the first trial is complete.")
    if not running:
        return charts_note
    in_progress = ntr("{count:,} trial in progress.", "{count:,} trials in progress.", running)
    return f"{in_progress} {charts_note}"
