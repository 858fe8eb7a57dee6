"""Badges for the state of a run."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core.runs.run import Run
from core.runs.status import Status

BadgeColour = Literal["primary", "gray", "green", "orange", "red"]
STATE_COLOURS: dict[str, BadgeColour] = {
    "queued": "gray",
    "running": "primary",
    "finished": "green",
    "stopped": "orange",
    "failed": "red",
    "interrupted": "red",
}


def state_badge(run: Run, status: Status) -> None:
    """Show the state of a run as a coloured word."""
    if status.state == "running" and run.stop_requested:
        st.badge("Stopping…", color="orange")
        return
    st.badge(status.state.capitalize(), color=STATE_COLOURS[status.state])
