"""Waiting for a condition instead of for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 300.0
"""Longer than anything takes on a machine that is busy with other things: reaching it means that nothing happens."""


def wait_until(condition: Callable[[], T], seconds: float = PATIENCE_SECONDS, what: str = "the condition") -> T:
    """Call `condition` until it returns something true, and return that; raise TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds:g} s. Last result: {result!r}")
        time.sleep(0.05)
    return result
