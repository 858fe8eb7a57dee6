"""The part of the sweep pages that redraws itself while a sweep is running."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.session.state import page_will_refresh

POLL_SECONDS = 2.0
IDLE_SECONDS = 5.0
"""Seconds between checks while nothing is running; another tab or the command line may start a sweep."""


def draw_and_refresh(
    draw: Callable[[], None], busy: Callable[[], bool], revision: Callable[[], int], *, paused: bool = False
) -> None:
    """Call `draw` now and at each refresh: every two seconds while `busy()`, otherwise when `revision` changes.

    `paused`: True to suspend refreshing, as while a dialog is open.
    """
    polling = busy() and not paused
    drawn_revision = revision()

    def draw_latest() -> None:
        if (busy() and not paused) != polling:
            st.rerun()
        draw()

    if polling:
        page_will_refresh()
    with st.container(key="refreshing"):
        st.fragment(draw_latest, run_every=POLL_SECONDS if polling else None)()
    if not polling and not paused:
        st.fragment(_rerun_if_changed, run_every=IDLE_SECONDS)(revision, drawn_revision)


def _rerun_if_changed(revision: Callable[[], int], drawn_revision: int) -> None:
    if revision() != drawn_revision:
        st.rerun()
