"""The head of a sweep's page: its name, state, actions and figures."""

from __future__ import annotations

import time
from functools import partial

import streamlit as st

from core.sweeps.records import SweepStatus
from core.sweeps.sweep import Sweep
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.units import counted, duration
from dashboard.runs.curves_picture import PictureFormat
from dashboard.session.markdown import plain
from dashboard.session.permission import may_change, permission_note, safe_text
from dashboard.sweeps import trials as tables
from dashboard.sweeps.actions import state_buttons
from dashboard.sweeps.form import copy_as_command
from dashboard.sweeps.listing import sweep_badge
from dashboard.sweeps.picture import sweep_picture
from dashboard.sweeps.trials import Trials, accuracy, seconds
from dashboard.sweeps.wording import OBJECTIVES, base_text, objective_text, sweep_title


def show_head(sweep: Sweep, status: SweepStatus, trials: Trials) -> None:
    """Show the name, the state and the goal of a sweep, and the buttons."""
    settings = trials.settings
    with st.container(horizontal=True, vertical_alignment="center", key="sweep_title_row"):
        st.title(plain(sweep_title(settings)), anchor=False, width="content")
        sweep_badge(sweep, status)
    goal = " and ".join(OBJECTIVES[objective].lower() for objective in settings.objectives)
    seeds = f", {settings.seeds_per_trial} seeds each" if settings.seeds_per_trial > 1 else ""
    st.caption(
        f"Searching around preset {plain(settings.base.preset)} for the best {goal}{seeds} · "
        f"created {settings.created.astimezone():%d %b %Y, %H:%M}"
    )
    with st.container(horizontal=True, vertical_alignment="center", key="sweep_actions"):
        if may_change():
            state_buttons(sweep, status)
        copy_as_command(settings)
        _downloads(sweep, trials)
    permission_note("sweep")
    # While a sweep is running, its messages come and go, and would move the charts.
    if status.message and status.state in ("failed", "interrupted"):
        st.warning(safe_text(status.message), icon=":material/warning:")


def _downloads(sweep: Sweep, trials: Trials) -> None:
    st.download_button(
        "Table as CSV",
        data=partial(tables.csv, trials),
        file_name=f"sweep-{sweep.id}.csv",
        mime="text/csv",
        icon=":material/table_view:",
        key="sweep_csv",
        on_click="ignore",
    )
    with st.popover("Save charts", icon=":material/image:", key="sweep_picture"):
        kinds: tuple[PictureFormat, ...] = ("png", "svg")
        for kind in kinds:
            st.download_button(
                f"Save as {kind.upper()}",
                data=partial(sweep_picture, trials, kind),
                file_name=f"sweep-{sweep.id}.{kind}",
                mime="image/png" if kind == "png" else "image/svg+xml",
                icon=":material/download:",
                key=f"sweep_picture_{kind}",
                on_click="ignore",
            )


def show_figures(status: SweepStatus, trials: Trials) -> None:
    """Show the best result, the trials so far, and the time."""
    settings, counts, best = trials.settings, trials.counts, trials.best
    with st.container(key="sweep_figures"), st.grid(4, min_column_width=MIN_TILE_WIDTH):
        objective = settings.objectives[0]
        metric_tile(
            f"Best {OBJECTIVES[objective].lower()}",
            objective_text(objective, accuracy(best)) if best else "–",
            f"trial {best.number}" if best else "no complete trial yet",
            "The best of many trials is partly luck. The winner, trained again, shows how good it is.",
        )
        metric_tile("Gain", *_gain(trials))
        metric_tile(
            "Trials",
            f"{trials.ended:,}" + (f" / {settings.trials:,}" if settings.trials else ""),
            ", ".join(f"{count:,} {state}" for state, count in counts.items() if count) or "none yet",
            "Complete: trained to the end. Pruned: stopped early, because it was far behind. Failed: it ended with an "
            "error, such as a diverged training.",
        )
        metric_tile("Time", *_times(status, trials))


def _gain(trials: Trials) -> tuple[str, str]:
    """Return the gain of the best trial over the first one in percentage points, and a note."""
    if not trials.preset or not trials.best:
        return "–", f"over {plain(base_text(trials.settings))}"
    gain = 100 * (accuracy(trials.best) - accuracy(trials.preset))
    text = objective_text(trials.settings.objectives[0], accuracy(trials.preset))
    return f"{gain:+.2f}", f"points over {plain(base_text(trials.settings))} ({text})"


def _times(status: SweepStatus, trials: Trials) -> tuple[str, str]:
    """Return the time spent, and an estimate of the time left or the time of a trial."""
    spent = status.seconds + (max(0.0, time.time() - status.updated) if status.state == "running" else 0.0)
    known = sorted(filter(None, map(seconds, trials.complete)))
    if not known:
        return duration(spent), "no complete trial yet"
    if status.state == "running" and trials.settings.trials:
        # Trials that another machine has given up come on top of the number that was asked for.
        left = max(0, trials.settings.trials - trials.ended) * spent / trials.ended
        return duration(spent), f"about {duration(left)} left"
    return duration(spent), f"{duration(known[len(known) // 2])} for a typical trial"


def describe_state(trials: Trials) -> str:
    """Return a sentence about a sweep without any complete trial."""
    running = trials.counts["running"]
    doing = f"{counted(running, 'trial')} in progress. " if running else ""
    return f"{doing}The charts appear when the first trial is complete."
