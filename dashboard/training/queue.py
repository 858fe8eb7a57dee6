"""The queue of trainings while the dashboard runs: the next one starts even if no page is open."""

from __future__ import annotations

import logging
from collections.abc import Callable

import anyio

from core.environment import read_only
from core.errors import TrazoError
from core.workspace import Workspace

LOOK_SECONDS = 2.0
"""Pause between two looks. A submit, a resume, a deletion and a worker that ends start the next training at once; this
is for killed workers and for runs that were removed from the queue."""

_logger = logging.getLogger(__name__)
_problems: dict[Workspace, str | None] = {}


async def look_after_queue(workspace: Workspace) -> None:
    """Start the next training, and record which ones were interrupted, every few seconds until cancelled."""
    first = True
    while not read_only():
        await anyio.sleep(LOOK_SECONDS)
        problem = await anyio.to_thread.run_sync(_look, workspace, first)
        if problem and problem != _problems.get(workspace):  # once, not at each look
            _logger.warning("%s", problem)
        _problems[workspace] = problem
        first = False


def problem(workspace: Workspace) -> str | None:
    """Return the sentence that says why the queue does not go on, None if it does."""
    return _problems.get(workspace)


def _look(workspace: Workspace, first: bool) -> str | None:
    """Return what could not be done; the first look also removes what killed processes left behind."""
    # pandas is imported with these, and would delay the start of the dashboard.
    from core.launcher.queue import advance
    from core.runs.interruptions import record_interruptions
    from core.runs.leftovers import remove_leftovers

    steps = (remove_leftovers, record_interruptions, advance) if first else (record_interruptions, advance)
    # Each step is tried even if the one before it failed.
    problems = [problem for step in steps if (problem := _attempt(step, workspace))]
    return " ".join(dict.fromkeys(problems)) or None


def _attempt(step: Callable[[Workspace], object], workspace: Workspace) -> str | None:
    """Take one step; return why it failed, None if it did not."""
    try:
        step(workspace)
    except TrazoError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - logged by the caller; the dashboard goes on
        return f"The queue of trainings could not be checked ({type(error).__name__}: {error})."
    return None
