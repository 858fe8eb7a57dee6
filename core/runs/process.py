"""A run's worker as others see it: the lock that is its sign of life, and its record."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import psutil
from pydantic import Field

from core.records import Count, Record
from core.workspace import storage_errors

_GLANCE_SECONDS = 1.0
"""Who looks whether a lock is held, holds it for some microseconds; whoever wants it tries again for so long."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_KERNEL_COUNTERS = Path("/proc/vmstat")


class WorkerRecord(Record, extra="ignore"):
    """A worker's process; `born` tells it from others that get the same number later.

    `oom_kills`: how many processes the system had killed for their memory when it began; None where it does not count.
    """

    pid: Annotated[int, Field(gt=0, lt=2**31)]
    born: str
    oom_kills: Count | None = None

    @classmethod
    def of(cls, pid: int) -> WorkerRecord:
        """A record of the process with this number, as of now; raises psutil.NoSuchProcess when there is none."""
        return cls(pid=pid, born=_birth(pid), oom_kills=_oom_kills())

    def process(self) -> psutil.Process | None:
        """The process while it is there; never another one that got its number."""
        try:
            process = psutil.Process(self.pid)
            return process if _birth(self.pid) == self.born else None
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return None

    @property
    def memory_ran_out(self) -> bool:
        """Whether the system has killed a process for its memory since this one began: workers are its first choice."""
        kills = _oom_kills()
        return kills is not None and self.oom_kills is not None and kills > self.oom_kills


@contextmanager
def worker_lock(path: Path) -> Iterator[int | None]:
    """Hold a run's lock for a worker that is about to start; None where another one has it.

    A process that inherits the file descriptor holds the lock as well, and alone once the block is left: from before
    its first instruction until it is gone, whatever ends it. No clock, record or number of a process is in it.
    """
    with storage_errors(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield descriptor if _locked(descriptor) else None
    finally:
        # Closed, not unlocked: that would take the lock from the worker, too.
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether a worker, or whoever is starting one, holds this lock."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # never started, or deleted
        return False
    return False


def _locked(descriptor: int) -> bool:
    deadline = time.monotonic() + _GLANCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        else:
            return True


def _birth(pid: int) -> str:
    """When a process began, by no clock that anybody can set."""
    try:
        # Ticks since the start of the machine, the 22nd field of proc_pid_stat(5); the second one, a name in brackets,
        # may hold spaces.
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        return f"{_BOOT.read_text().strip()} {ticks}"
    except OSError:
        # macOS has no such files; it notes the time once, and a clock that is set later does not change the note.
        return str(psutil.Process(pid).create_time())


def _oom_kills() -> int | None:
    """How many processes Linux has killed for their memory since its start."""
    try:
        lines = dict(line.split() for line in _KERNEL_COUNTERS.read_text().splitlines())
        return int(lines["oom_kill"])
    except (OSError, KeyError, ValueError):
        return None
