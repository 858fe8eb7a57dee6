"""Badges for the state of a run."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core.language import Message, tr
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
STATE_TITLES = {
    "queued": Message("Queued"),
    "running": Message("Running"),
    "finished": Message("Finished"),
    "stopped": Message("Stopped"),
    "failed": Message("Failed"),
    "interrupted": Message("Interrupted"),
}


def state_badge(run: Run, status: Status) -> None:
    """Show the state of a run as a coloured word."""
    if status.state == "running" and run.stop_requested:
        st.badge(tr("Stopping…"), color="orange")
        return
    st.badge(tr(STATE_TITLES[status.state]), color=STATE_COLOURS[status.state])
