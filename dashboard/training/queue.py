"""The queue of trainings, looked after while no page is open: a worker that is killed starts no other one."""

from __future__ import annotations

import logging
from collections.abc import Callable

import anyio

from core.environment import read_only
from core.errors import TrazoError
from core.workspace import Workspace

LOOK_SECONDS = 5.0

_logger = logging.getLogger(__name__)


async def look_after_queue(workspace: Workspace) -> None:
    """Start what waits once nothing runs, and write down what broke off, every few seconds until cancelled."""
    first, said = True, None
    while not read_only():
        await anyio.sleep(LOOK_SECONDS)
        problem = await anyio.to_thread.run_sync(_look, workspace, first)
        if problem and problem != said:  # once, not every few seconds
            _logger.warning("%s", problem)
        first, said = False, problem


def _look(workspace: Workspace, first: bool) -> str | None:
    """What could not be done, if anything; the first look also removes what killed processes left behind."""
    # pandas comes with them; the dashboard starts without.
    from core.runs.interruptions import record_interruptions
    from core.runs.leftovers import remove_leftovers
    from core.training.queue import advance

    # Each whatever became of the one before: what keeps a broken-off run from being written need not stop the queue.
    deeds = (remove_leftovers, record_interruptions, advance) if first else (record_interruptions, advance)
    problems = [problem for deed in deeds if (problem := _problem(deed, workspace))]
    return " ".join(dict.fromkeys(problems)) or None


def _problem(deed: Callable[[Workspace], object], workspace: Workspace) -> str | None:
    """Do this; why it could not be done, where it could not."""
    try:
        deed(workspace)
    except TrazoError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - said by the caller; the dashboard goes on, whatever it is
        return f"The queue of trainings could not be looked after ({type(error).__name__}: {error})."
    return None
