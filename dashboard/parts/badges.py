"""Badges for the state of a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import streamlit as st

from core.language import Message, tr
from core.runs.run import Run
from core.runs.status import Status
from dashboard.parts.theme import is_dark

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

# In tables, Streamlit draws badge text in the page's background colour, which is unreadable on its pale badges.
_LIGHT_CELLS: dict[BadgeColour, str] = {
    "primary": "#0f766e",
    "gray": "#56605d",
    "green": "#3f6f1f",
    "orange": "#a8430a",
    "red": "#b3261e",
}
_DARK_CELLS: dict[BadgeColour, str] = {
    "primary": "#5cc4b3",
    "gray": "#a3b0ac",
    "green": "#a3c266",
    "orange": "#f2915c",
    "red": "#f08a8a",
}


def cell_colours(colours: Iterable[BadgeColour]) -> list[str]:
    """Return the background colours of badges in a table."""
    cells = _DARK_CELLS if is_dark() else _LIGHT_CELLS
    return [cells[colour] for colour in colours]


def state_badge(run: Run, status: Status) -> None:
    """Show the state of a run as a coloured word."""
    if status.state == "running" and run.stop_requested:
        st.badge(tr("Stopping…"), color="orange")
        return
    st.badge(tr(STATE_TITLES[status.state]), color=STATE_COLOURS[status.state])
