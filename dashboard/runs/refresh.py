"""The part of a page that redraws itself when the runs on disk change."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.runs.active import active_model
from dashboard.parts.picture_panel import show_requested_panel
from dashboard.runs import run_cache
from dashboard.runs.run_cache import Listing
from dashboard.session.permission import safe_text
from dashboard.session.state import page_will_refresh, workspace
from dashboard.training import queue

IDLE_SECONDS = 5.0
"""Seconds between checks while nothing is running; another tab or the command line may start a run."""


def draw_and_refresh(
    draw: Callable[[Listing], None],
    busy: Callable[[Listing], bool],
    seconds: float,
    paused: bool = False,
) -> None:
    """Call `draw` with a listing of all runs, now and at each refresh.

    The page refreshes every `seconds` while `busy` returns True, and otherwise when the runs have changed. `paused`
    turns off refreshing. When the active model changes, the whole page is redrawn, because the sidebar names it.
    """
    active = active_model(workspace()).name
    first_listing = run_cache.listing()
    polling = busy(first_listing) and not paused
    undrawn_listings = [first_listing]

    def draw_latest() -> None:
        listing = undrawn_listings.pop() if undrawn_listings else run_cache.listing()
        if (busy(listing) and not paused) != polling or active_model(workspace()).name != active:
            st.rerun()
        _show_problems(listing)
        draw(listing)

    if polling:
        page_will_refresh()
    with st.container(key="refreshing"):
        st.fragment(draw_latest, run_every=seconds if polling else None)()
    if not polling and not paused:
        st.fragment(_rerun_if_changed, run_every=IDLE_SECONDS)(first_listing.revision)
    show_requested_panel()


def _show_problems(listing: Listing) -> None:
    """Explain why the runs cannot be listed or why the queue is stuck."""
    for problem in dict.fromkeys(filter(None, (listing.problem, queue.problem(workspace())))):
        st.error(safe_text(problem), icon=":material/error:")


def _rerun_if_changed(drawn_revision: int) -> None:
    if run_cache.revision() != drawn_revision:
        st.rerun()
