"""The Sweeps page: all sweeps, and the form for a new one."""

import streamlit as st

from core.language import Message, tr
from core.sweeps.control import list_sweeps
from dashboard.parts.empty_state import empty_drawing
from dashboard.parts.headings import heading
from dashboard.session import address, cache, state, sweeps
from dashboard.session.permission import may_change, permission_note
from dashboard.sweeps import sweep_cache
from dashboard.sweeps.base import load_base_from_url
from dashboard.sweeps.form import new_sweep_form
from dashboard.sweeps.listing import any_running, show_sweeps
from dashboard.sweeps.refresh import draw_and_refresh


def show_list() -> None:
    """Show all sweeps, or a sentence if there are none."""
    all_sweeps = list_sweeps(state.workspace())
    if all_sweeps:
        show_sweeps(all_sweeps)
        return
    st.info(tr("There are no sweeps yet. Each one that you start appears here."), icon=":material/travel_explore:")
    if not may_change():
        empty_drawing("curves")


if sweep_id := address.value("sweep"):
    # A separate page has its own entry in the browser's history, so that Back leads from a sweep to this list.
    st.switch_page("views/sweep.py", query_params={"id": sweep_id})
heading(
    Message("Sweeps"),
    tr(
        "Train one preset many times with different settings, and see which settings help. Each trial is an ordinary "
        "run; the sweep learns from the trials so far which settings to try next."
    ),
)
permission_note("sweeps")
draw_and_refresh(show_list, lambda: any_running(list_sweeps(state.workspace())), sweep_cache.revision)
if may_change():
    load_base_from_url()
    is_open = not list_sweeps(state.workspace()) or sweeps.offered_base() is not None
    with st.expander(tr("New sweep"), icon=":material/add:", expanded=is_open, key="new_sweep"):
        new_sweep_form(cache.usable_dataset()[0].id)
