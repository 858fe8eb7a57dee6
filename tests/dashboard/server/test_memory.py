"""All threads of the dashboard share one heap."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys

import pytest

ALLOCATE_IN_THREADS = """
import ctypes, sys, threading
from dashboard.server.memory import share_one_heap

libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
if "share" in sys.argv:
    share_one_heap()
all_have_allocated = threading.Barrier(4)

def allocate():
    libc.malloc(1000)
    all_have_allocated.wait()

threads = [threading.Thread(target=allocate) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc.malloc_info(0, ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w")))
libc.fflush(None)
"""


def count_heaps(*arguments: str) -> int:
    """Return the number of heaps in a process after four of its threads have allocated memory."""
    command = [sys.executable, "-c", ALLOCATE_IN_THREADS, *arguments]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return len(re.findall("<heap nr=", output))


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="The C library is not glibc.")
def test_threads_share_one_heap() -> None:
    assert count_heaps() > 1
    assert count_heaps("share") == 1
