"""Counts the files that this process opens."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_counters: list[Counter[Path]] = []


@contextmanager
def opened_files() -> Iterator[Counter[Path]]:
    """Yield a count of the files that are opened within the block, by path."""
    if _hear not in _hooks:
        sys.addaudithook(_hear)
        _hooks.append(_hear)
    _counters.append(Counter())
    try:
        yield _counters[-1]
    finally:
        _counters.pop()


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    # Python's `open` names its mode; the `os.open` that it may call with an opener has none.
    if event == "open" and _counters and arguments[1] and isinstance(arguments[0], str | os.PathLike):
        _counters[-1][Path(arguments[0])] += 1


_hooks: list[object] = []
"""A hook cannot be taken away again."""
