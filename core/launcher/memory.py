"""The memory that a new process can use."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import psutil

from core.runs.process import cgroups


def available_memory() -> int:
    """Return the bytes that are available on this machine, or in this container if its limit leaves less."""
    available: list[int] = [psutil.virtual_memory().available]
    # See memory.max, memory.current and inactive_file in the kernel's documentation of cgroup v2. A group without a
    # limit has the word "max" in memory.max.
    with suppress(OSError, ValueError):
        for group in cgroups(os.getpid()):
            limit = int((group / "memory.max").read_text())
            used = int((group / "memory.current").read_text())
            available.append(limit - used + _cached(group))
    return min(available)


def _cached(group: Path) -> int:
    """Return the bytes of inactive page cache, which the kernel frees on demand."""
    lines = (line.split() for line in (group / "memory.stat").read_text().splitlines())
    return next((int(value) for name, value in lines if name == "inactive_file"), 0)
