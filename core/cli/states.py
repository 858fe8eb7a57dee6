"""The states of runs, sweeps and trials in the terminal."""

from __future__ import annotations

from core.language import Message
from core.runs.status import STATE_NAMES

_TRIAL_STATES = {"complete": Message("complete"), "pruned": Message("pruned")}

STATES: dict[str, Message] = {str(state): name for state, name in STATE_NAMES.items()} | _TRIAL_STATES
"""Short enough for a column of 12 characters."""
