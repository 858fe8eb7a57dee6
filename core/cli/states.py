"""The states of runs, sweeps and trials in the terminal."""

from __future__ import annotations

from core.language import Message

STATES = {
    "queued": Message("queued"),
    "running": Message("running"),
    "finished": Message("finished"),
    "stopped": Message("stopped"),
    "failed": Message("failed"),
    "interrupted": Message("interrupted"),
    "complete": Message("complete"),
    "pruned": Message("pruned"),
}
"""States of runs, sweeps and trials, for tables with a column of 12 characters."""
