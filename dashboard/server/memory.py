"""The memory of a process with many threads."""

from __future__ import annotations

import ctypes

_M_ARENA_MAX = -8
"""glibc's number for this option (malloc.h)."""


def share_one_heap() -> None:
    """Let all threads of this process share one heap, if the C library supports it.

    glibc gives each thread its own heap, which keeps memory that the thread has freed, and each page runs in a new
    thread. After three visits to Inside and the map, the dashboard used 571 MB; with one heap, it used 437 MB.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
