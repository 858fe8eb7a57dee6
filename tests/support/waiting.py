"""Waiting for a condition rather than for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 300.0
"""A timeout longer than any condition needs on a busy machine; one that is not met by then never will be."""

_SETTLING_SECONDS = 5
"""Time after which a page has surely faded in and settled; a test waits this long for a page with problems."""


def wait_until(condition: Callable[[], T], seconds: float = PATIENCE_SECONDS, what: str = "a condition") -> T:
    """Call `condition` until its result is true, and return the result; raise TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Timed out after {seconds:g} s waiting for {what}. Last result: {result!r}")
        time.sleep(0.05)
    return result


def lasting(find: Callable[[], list[str]]) -> list[str]:
    """Return the problems that `find` still finds once the page has faded in and settled."""
    found: list[str] = []

    def no_problems() -> bool:
        found[:] = find()
        return not found

    with suppress(TimeoutError):
        wait_until(no_problems, _SETTLING_SECONDS, what="a page without problems")
    return found
