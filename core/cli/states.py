"""The states of runs, sweeps and trials in the terminal."""

from __future__ import annotations

from core.language import Message
from core.runs.status import STATE_NAMES, State
from core.sweeps.records import TrialState

STATES: dict[State | TrialState, Message] = {
    **STATE_NAMES,
    "complete": Message("complete"),
    "pruned": Message("pruned"),
}
"""Short enough for a column of 12 characters."""
