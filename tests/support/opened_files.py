"""A counter of the files that this process opens, and a process that can open no more."""

from __future__ import annotations

import os
import resource
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_counters: list[Counter[Path]] = []


@contextmanager
def opened_files() -> Iterator[Counter[Path]]:
    """Yield the number of times that each file is opened in the with block, by path."""
    if _count not in _hooks:
        sys.addaudithook(_count)
        _hooks.append(_count)
    _counters.append(Counter())
    try:
        yield _counters[-1]
    finally:
        _counters.pop()


@contextmanager
def exhausted_open_files() -> Iterator[None]:
    """Simulate a process that has reached its limit on open files."""
    lowest_free_descriptor = os.dup(0)
    os.close(lowest_free_descriptor)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free_descriptor, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _count(event: str, arguments: tuple[Any, ...]) -> None:
    # Python's `open` reports a mode; `os.open`, which it calls if given an opener, does not.
    if event == "open" and _counters and arguments[1] and isinstance(arguments[0], str | os.PathLike):
        _counters[-1][Path(arguments[0])] += 1


_hooks: list[object] = []
"""Installed audit hooks, which cannot be removed."""
