"""The run that the Train page shows in full: the one in progress, or else the latest one."""

from __future__ import annotations

import streamlit as st

from core.data.datasets import TITLES
from core.errors import BundleError, RunError
from core.language import number, tr
from core.launcher.queue import resumable
from core.runs.status import Status
from core.runs.summary import Summary
from dashboard.parts.badges import state_badge
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, accuracy_tiles, brief_fit_note, metric_tile, training_time_tile
from dashboard.runs import actions
from dashboard.runs.run_cache import run_of
from dashboard.runs.waiting import WaitingRuns, with_students
from dashboard.session import cache
from dashboard.session.markdown import plain
from dashboard.session.permission import hide_paths, may_change, safe_text
from dashboard.training.live_curves import show_live_curves
from dashboard.training.progress import show_outcome, show_progress


def show_run(row: Summary, waiting_runs: WaitingRuns) -> None:
    """Show a run's state, metrics and curves, and the waiting runs that will learn from this run."""
    run = run_of(row)
    try:
        status, config = run.status(), run.config()
        with st.container(horizontal=True, vertical_alignment="center", key="run_header"):
            st.subheader(plain(row.name), anchor=False, width="content")
            state_badge(run, status)
            subtitle = f"{plain(config.preset)}, {tr(TITLES[config.dataset])}"
            st.caption(with_students(subtitle, config, waiting_runs), width="content")
            st.space("stretch")
            if not status.has_ended and may_change():
                actions.stop_button(run)
        with st.container(key="train_figures"):
            if status.has_ended:
                _show_ended_run(row, status)
            else:
                show_progress(run, status)
        show_live_curves(run, row.name, status, config)
    except (RunError, BundleError) as error:
        st.error(safe_text(error), icon=":material/error:")
    with st.expander(tr("Log"), icon=":material/description:", key="train_log", on_change="rerun") as log:
        if log.open:
            st.code(hide_paths(run.log_tail()) or tr("No log output yet."), language=None, height=320)


def _show_ended_run(row: Summary, status: Status) -> None:
    """Show the run's outcome, its results, and the next steps."""
    run = run_of(row)
    show_outcome(status)
    if resumable(run, status) and may_change():
        actions.resume_button(run)
    if not run.bundle.complete:
        return
    card = cache.card(run.bundle)
    with st.grid(4, min_column_width=MIN_TILE_WIDTH):
        accuracy_tiles(card)
        training_time_tile(card)
        metric_tile(tr("Parameters"), number(card.parameters, ","), tr("weights and biases"))
    brief_fit_note(card)
    _show_next_steps(row)


def _show_next_steps(row: Summary) -> None:
    """Show links to evaluate the model and to list all runs, and a button to promote it or a link to draw with it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if row.promoted:
            st.badge(tr("Active model"), icon=":material/check:", color="green")
            st.page_link("views/draw.py", label=tr("Draw with it"), icon=":material/draw:", width="content")
        elif may_change():
            actions.promote_button(run_of(row))
        st.page_link(
            "views/evaluate.py",
            label=tr("Evaluate"),
            icon=":material/fact_check:",
            query_params={"model": row.id},
            width="content",
            help=tr("See which digits the model classifies correctly and which ones it confuses."),
        )
        st.page_link("views/runs.py", label=tr("All runs"), icon=":material/table_rows:", width="content")
