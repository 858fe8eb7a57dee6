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
from core.storage import storage_errors

_GLANCE_SECONDS = 1.0
"""Who looks whether a lock is held, holds it for some microseconds; whoever wants it tries again for so long."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_KERNEL_COUNTERS = Path("/proc/vmstat")
_GROUPS = Path("/sys/fs/cgroup")


class WorkerRecord(Record, extra="ignore"):
    """A worker's process; `born` tells it from others that get the same number later.

    `oom_kills`: how many processes the system had killed for their memory when it began, by the counter that
    `oom_counter` tells from all others; None where it does not count.
    """

    pid: Annotated[int, Field(gt=0, lt=2**31)]
    born: str
    oom_kills: Count | None = None
    oom_counter: str = ""

    @classmethod
    def of(cls, pid: int) -> WorkerRecord:
        """A record of the process with this number, as of now; raises psutil.NoSuchProcess when there is none."""
        counter, kills = _oom_kills(pid)
        return cls(pid=pid, born=_birth(pid), oom_kills=kills, oom_counter=counter)

    def process(self) -> psutil.Process | None:
        """The process while it is there; never another one that got its number."""
        try:
            process = psutil.Process(self.pid)
            return process if _birth(self.pid) == self.born else None
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return None

    @property
    def memory_ran_out(self) -> bool:
        """Whether the system has killed a process for its memory since this one began: workers are its first choice.

        False where nobody can tell: the machine has restarted since, or the worker was in another container.
        """
        counter, kills = _oom_kills(os.getpid())
        if kills is None or self.oom_kills is None or counter != self.oom_counter:
            return False
        return kills > self.oom_kills


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
    """Whether a worker, or whoever is starting one, holds this lock.

    True, too, where that cannot be found out: a living worker that counts as gone would soon have a second one beside
    it, which is worse than a wait for one that is gone.
    """
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):  # never started, deleted, or no lock at all
        return False
    except OSError:
        return True
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


def _oom_kills(pid: int) -> tuple[str, int | None]:
    """How many processes Linux has killed for their memory, and a name that this counter has to itself.

    Those in the process's own group, such as its container; where Linux does not count them so (cgroup v1), those of
    the whole machine since its start. None where nothing is counted.
    """
    for file in (*_group_counters(pid), _KERNEL_COUNTERS):
        try:
            lines = dict(line.split() for line in file.read_text().splitlines())
            # A group of the same name in another container, or made anew, has another file.
            return f"{_BOOT.read_text().strip()} {file} {file.stat().st_ino}", int(lines["oom_kill"])
        except (OSError, KeyError, ValueError):
            continue
    return "", None


def _group_counters(pid: int) -> list[Path]:
    """The process's `memory.events` (cgroup v2), where it is in a group that may have them; see cgroups(7)."""
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    except OSError:
        return []
    return [_GROUPS / line.removeprefix("0::/") / "memory.events" for line in lines if line.startswith("0::/")]
