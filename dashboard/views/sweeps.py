"""The Sweeps page: searches for better settings; the URL of one of them is /sweeps?sweep=..."""

import streamlit as st

from core.sweeps.control import list_sweeps
from dashboard.parts.empty_state import empty_drawing
from dashboard.parts.headings import heading
from dashboard.session import address, cache, state, sweeps
from dashboard.session.permission import may_change, permission_note
from dashboard.sweeps import sweep_cache
from dashboard.sweeps.actions import confirm_deletion
from dashboard.sweeps.form import new_sweep_form
from dashboard.sweeps.listing import any_running, show_sweeps
from dashboard.sweeps.page import is_running, show_sweep
from dashboard.sweeps.refresh import draw_and_refresh


def show_list() -> None:
    """Show all sweeps, or a sentence if there are none."""
    found = list_sweeps(state.workspace())
    if found:
        show_sweeps(found)
    else:
        st.info("There are no sweeps yet. Each search that you start appears here.", icon=":material/travel_explore:")
        if not may_change():
            empty_drawing("curves")


to_delete = sweeps.sweep_to_delete()
sweep_id = address.value("sweep") or ""
if sweep_id:
    draw_and_refresh(
        lambda: show_sweep(sweep_id),
        lambda: is_running(sweep_id),
        sweep_cache.revision,
        paused=to_delete is not None,
    )
else:
    heading(
        "Sweeps",
        "Train one preset many times with different settings, and see which settings help. Each trial is an ordinary "
        "run; the search learns from the trials so far which settings to try next.",
    )
    permission_note("sweeps")
    draw_and_refresh(
        show_list,
        lambda: any_running(list_sweeps(state.workspace())),
        sweep_cache.revision,
        paused=to_delete is not None,
    )
    if may_change():
        none_yet = not list_sweeps(state.workspace())
        with st.expander(
            "New search",
            icon=":material/add:",
            expanded=none_yet or sweeps.offered_base() is not None,
            key="new_sweep",
        ):
            new_sweep_form(cache.usable_dataset()[0].id)
if to_delete:
    confirm_deletion(to_delete)
