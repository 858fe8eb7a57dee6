"""A run's worker process: its record, and the lock that it holds while it is alive."""

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
from core.storage import NotRegularFile, open_file, storage_errors

_LOCK_RETRY_SECONDS = 1.0
"""How long to retry a lock, which `is_held` may hold for a few microseconds."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_KERNEL_COUNTERS = Path("/proc/vmstat")
_GROUPS = Path("/sys/fs/cgroup")


class WorkerRecord(Record, extra="ignore"):
    """A worker's process. `born` distinguishes it from later processes with the same process id.

    `oom_kills`: how many processes the system had killed for lack of memory when the worker started, according to
    the counter `oom_counter`; None if the system has no such counter.
    """

    pid: Annotated[int, Field(gt=0, lt=2**31)]
    born: str
    oom_kills: Count | None = None
    oom_counter: str = ""

    @classmethod
    def of(cls, pid: int) -> WorkerRecord:
        """Return the record of a running process; raises psutil.NoSuchProcess if there is none."""
        counter, kills = _oom_kills(pid)
        return cls(pid=pid, born=_birth(pid), oom_kills=kills, oom_counter=counter)

    def process(self) -> psutil.Process | None:
        """Return the process; None if it has ended, even if another one has its process id."""
        try:
            process = psutil.Process(self.pid)
            return process if _birth(self.pid) == self.born else None
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return None

    @property
    def memory_ran_out(self) -> bool:
        """True if the system has killed a process for lack of memory since this one started.

        It was probably this one, because the system kills workers first. False if that is unknown: the machine was
        rebooted, or the worker ran in another container.
        """
        counter, kills = _oom_kills(os.getpid())
        if kills is None or self.oom_kills is None or counter != self.oom_counter:
            return False
        return kills > self.oom_kills


@contextmanager
def worker_lock(path: Path) -> Iterator[int | None]:
    """Hold a run's lock to start a worker; yield its file descriptor, or None if another process has the lock.

    A process that inherits the file descriptor shares the lock. It keeps the lock after the block, from its first
    instruction until it ends for any reason. This depends on no clock and no process id.
    """
    with storage_errors(path):
        file = open_file(path, "ab")
    # Close the file without unlocking it: unlocking would take the lock from the worker, too.
    with file:
        yield file.fileno() if _acquire(file.fileno()) else None


def is_held(path: Path) -> bool:
    """Return True if a worker, or a process that is starting one, holds this lock.

    Also True if that cannot be determined: waiting is better than a second worker in the same run.
    """
    try:
        with open_file(path) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, NotRegularFile):  # no lock file, so no holder
        return False
    except OSError:
        return True
    return False


def _acquire(descriptor: int) -> bool:
    """Take the lock and return True; return False if another process keeps it."""
    deadline = time.monotonic() + _LOCK_RETRY_SECONDS
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
    """Return the start time of a process; setting the clock does not change it."""
    try:
        # The 22nd field of proc_pid_stat(5): ticks since boot. The second field, a name in brackets, may hold spaces.
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        return f"{_BOOT.read_text().strip()} {ticks}"
    except OSError:
        # macOS has no such files; it stores the start time once, and setting the clock does not change it.
        return str(psutil.Process(pid).create_time())


def _oom_kills(pid: int) -> tuple[str, int | None]:
    """Return the unique name of a counter, and how many processes Linux has killed for lack of memory.

    The counter is that of the process's own group, such as its container; with cgroup v1 it is that of the machine
    since boot. The number is None if there is no counter.
    """
    for file in (*_group_counters(pid), _KERNEL_COUNTERS):
        try:
            lines = dict(line.split() for line in file.read_text().splitlines())
            # The inode distinguishes groups of the same name: those of other containers, and later ones.
            return f"{_BOOT.read_text().strip()} {file} {file.stat().st_ino}", int(lines["oom_kill"])
        except (OSError, KeyError, ValueError):
            continue
    return "", None


def _group_counters(pid: int) -> list[Path]:
    """Return the process's `memory.events` files (cgroup v2); see cgroups(7)."""
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    except OSError:
        return []
    return [_GROUPS / line.removeprefix("0::/") / "memory.events" for line in lines if line.startswith("0::/")]
