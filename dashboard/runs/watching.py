"""Pages on which nothing runs: they are drawn again when another tab, or the command line, does something."""

from __future__ import annotations

import streamlit as st

from dashboard.runs import run_cache

IDLE_SECONDS = 5.0


def watch_runs(seen: int) -> None:
    """Glance at the runs every few seconds; draw the page again once they are not as they were `seen`."""
    st.fragment(_glance, run_every=IDLE_SECONDS)(seen)


def _glance(seen: int) -> None:
    if run_cache.mark() != seen:
        st.rerun()
