"""Waiting for a condition rather than for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 300.0
"""Timeout that is longer than any condition takes on a busy machine; after it, the condition will never be met."""


def wait_until(condition: Callable[[], T], seconds: float = PATIENCE_SECONDS, what: str = "a condition") -> T:
    """Call `condition` until its result is true, and return the result; raise TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Timed out after {seconds:g} s waiting for {what}. Last result: {result!r}")
        time.sleep(0.05)
    return result
