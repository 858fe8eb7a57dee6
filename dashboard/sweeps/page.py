"""The page of one sweep."""

from __future__ import annotations

import streamlit as st

from core.errors import SweepError, SweepNotFound
from core.language import Message, tr
from core.sweeps.control import find_sweep
from dashboard.session.markdown import plain
from dashboard.session.permission import safe_text
from dashboard.session.state import workspace
from dashboard.sweeps import sections, sweep_cache
from dashboard.sweeps.actions import delete_button
from dashboard.sweeps.overview import describe_state, show_figures, show_head
from dashboard.sweeps.winner import is_training, show_winners


def is_busy(sweep_id: str) -> bool:
    """Return True if the sweep with this id or name is running, or one of its winners is being trained."""
    try:
        sweep = find_sweep(workspace(), sweep_id)
        return sweep.status().state == "running" or is_training(sweep_cache.trials(sweep))
    except SweepError:
        return False


def show_sweep(sweep_id: str) -> None:
    """Show a sweep, from its state to its trials."""
    st.page_link("views/sweeps.py", label=tr("All sweeps"), icon=":material/arrow_back:", width="content")
    try:
        sweep = find_sweep(workspace(), sweep_id)
        status, trials = sweep.status(), sweep_cache.trials(sweep)
    except SweepNotFound as error:
        st.title(tr("Sweep"), anchor=False)
        problem = error if sweep_id else Message("This link does not specify a sweep. Choose one under All sweeps.")
        st.warning(safe_text(problem), icon=":material/search_off:")
        return
    except SweepError as error:
        st.title(plain(sweep_id), anchor=False)
        st.warning(safe_text(error), icon=":material/warning:")
        delete_button(sweep_id)
        return
    show_head(sweep, status, trials)
    show_figures(status, trials)
    if not trials.all:
        st.info(tr("The first trial has not started yet."), icon=":material/hourglass_empty:")
        return
    show_winners(trials)
    if trials.complete:
        sections.progress_and_importance(trials)
        shown_trials = sections.settings_and_results(sweep, trials)
        sections.trade_off(sweep, trials)
    else:
        st.info(describe_state(trials), icon=":material/hourglass_empty:")
        shown_trials = list(trials.all)
    sections.timeline(trials)
    sections.trial_table(sweep, trials, shown_trials)
