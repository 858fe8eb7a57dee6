"""Watches the training queue, so that the next run starts even if no page is open."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import reduce

import anyio

from core.environment import read_only
from core.errors import TrazoError
from core.language import Message, message_of
from core.workspace import Workspace

CHECK_SECONDS = 2.0
"""Seconds between checks.

The next run normally starts when a run is submitted, resumed or deleted, or when a worker ends. The checks start it
after a worker was killed or a run was removed from the queue.
"""

_logger = logging.getLogger(__name__)
_problems: dict[Workspace, Message | None] = {}


async def watch_queue(workspace: Workspace) -> None:
    """Every few seconds, record interrupted runs and start the next queued run if possible; until cancelled."""
    is_first = True
    while not read_only():
        await anyio.sleep(CHECK_SECONDS)
        problem = await anyio.to_thread.run_sync(_check_queue, workspace, is_first)
        if problem and problem != _problems.get(workspace):  # logged once, not on every check
            _logger.warning("%s", problem)
        _problems[workspace] = problem
        is_first = False


def problem(workspace: Workspace) -> Message | None:
    """Return a message that explains why the queue is stuck, or None if the queue is not stuck."""
    return _problems.get(workspace)


def _check_queue(workspace: Workspace, is_first: bool) -> Message | None:
    """Run each step and return the errors as one message, or None if all steps succeeded.

    The first check also removes files left behind by killed processes.
    """
    # Imported here, because these modules import pandas, which would delay the start of the dashboard.
    from core.launcher.queue import advance
    from core.runs.interruptions import record_interruptions
    from core.runs.leftovers import remove_leftovers

    steps = (remove_leftovers, record_interruptions, advance) if is_first else (record_interruptions, advance)
    # Each step runs even if the previous one failed.
    problems = dict.fromkeys(problem for step in steps if (problem := _run_step(step, workspace)))
    return reduce(_join, problems) if problems else None


def _join(first: Message, second: Message) -> Message:
    return Message("{first} {second}", first=first, second=second)


def _run_step(step: Callable[[Workspace], object], workspace: Workspace) -> Message | None:
    """Run one step and return its error message, or None if the step succeeded."""
    try:
        step(workspace)
    except TrazoError as error:
        return message_of(error)
    except Exception as error:  # noqa: BLE001 - logged by the caller; the dashboard keeps running
        return Message(
            "The training queue could not be checked ({error}: {reason}).",
            error=type(error).__name__,
            reason=str(error),
        )
    return None
