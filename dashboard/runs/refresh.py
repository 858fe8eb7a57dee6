"""The part of a page that follows the runs on disk while the visitor looks at it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.runs import run_cache
from dashboard.runs.run_cache import Listing
from dashboard.session.permission import safe_text
from dashboard.session.state import workspace
from dashboard.training import queue

IDLE_SECONDS = 5.0
"""Pause between two looks while nothing runs: another tab or the command line may start something."""


def refreshing(
    draw: Callable[[Listing], None],
    busy: Callable[[Listing], bool],
    seconds: float,
    paused: bool = False,
) -> None:
    """Call `draw` every few seconds while `busy`, otherwise once the runs have changed; never while `paused`.

    Each call gets one listing of all runs.
    """
    first = run_cache.listing()
    polling = busy(first) and not paused
    unread = [first]

    def part() -> None:
        now = unread.pop() if unread else run_cache.listing()
        if (busy(now) and not paused) != polling:
            st.rerun()
        _problems(now)
        draw(now)

    with st.container(key="refreshing"):
        st.fragment(part, run_every=seconds if polling else None)()
    if not polling and not paused:
        st.fragment(_look, run_every=IDLE_SECONDS)(first.mark)


def _problems(now: Listing) -> None:
    """Say why the runs cannot be listed, or why the queue does not go on."""
    for problem in dict.fromkeys(filter(None, (now.problem, queue.problem(workspace())))):
        st.error(safe_text(problem), icon=":material/error:")


def _look(seen: int) -> None:
    if run_cache.mark() != seen:
        st.rerun()
