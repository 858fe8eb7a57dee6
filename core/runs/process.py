"""A run's worker process: its record, and the lock that the worker holds while it is alive."""

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
"""Time for which taking a lock is retried, because `is_held` may hold it for a few microseconds."""
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SYSTEM_COUNTERS = Path("/proc/vmstat")
_CGROUPS = Path("/sys/fs/cgroup")


class WorkerRecord(Record, extra="ignore"):
    """A worker's process. `born` distinguishes it from later processes with the same process id.

    `oom_kills`: number of out-of-memory (OOM) kills before the worker started, according to the counter `oom_counter`,
    or None if the system has no such counter.
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
        """Return the process, or None if it has exited, even if another process now has its process id."""
        try:
            process = psutil.Process(self.pid)
            return process if _birth(self.pid) == self.born else None
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return None

    @property
    def oom_kill_since_start(self) -> bool:
        """True if the system has run out of memory and killed a process since this worker started.

        The killed process was probably this worker, because workers are killed first. False if this is unknown, because
        the machine was rebooted or the worker ran in another container.
        """
        counter, kills = _oom_kills(os.getpid())
        if kills is None or self.oom_kills is None or counter != self.oom_counter:
            return False
        return kills > self.oom_kills


@contextmanager
def worker_lock(path: Path) -> Iterator[int | None]:
    """Hold a run's lock to start a worker; yield its file descriptor, or None if another process has the lock.

    A process that inherits the file descriptor shares the lock and keeps it after the with block, until it exits for
    any reason. This depends on neither clocks nor process ids.
    """
    with storage_errors(path):
        file = open_file(path, "ab")
    # Close the file without unlocking it, because unlocking would also take the lock from the worker.
    with file:
        yield file.fileno() if _acquire(file.fileno()) else None


def is_held(path: Path) -> bool:
    """Return True if a worker, or a process that is starting one, holds this lock.

    Also returns True if the lock cannot be checked, because waiting is better than a second worker for the same run.
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
    """Take the lock and return True; return False if another process still holds it."""
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
        # Field 22 of proc_pid_stat(5): ticks since boot. Field 2, a name in parentheses, may contain spaces.
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        return f"{_BOOT_ID.read_text().strip()} {ticks}"
    except OSError:
        # macOS has no such files, but it stores the start time only once, so setting the clock does not change it.
        return str(psutil.Process(pid).create_time())


def _oom_kills(pid: int) -> tuple[str, int | None]:
    """Return the unique name of Linux's counter of OOM kills, and its value.

    The counter belongs to the process's own cgroup, such as its container. With cgroup v1, the counter covers the whole
    machine since boot. The value is None if there is no counter.
    """
    for file in (*(group / "memory.events" for group in cgroups(pid)), _SYSTEM_COUNTERS):
        try:
            lines = dict(line.split() for line in file.read_text().splitlines())
            # The inode distinguishes cgroups of the same name, such as those of other containers or later ones.
            return f"{_BOOT_ID.read_text().strip()} {file} {file.stat().st_ino}", int(lines["oom_kill"])
        except (OSError, KeyError, ValueError):
            continue
    return "", None


def cgroups(pid: int) -> list[Path]:
    """Return the folders of a process's cgroups (version 2); see cgroups(7). None on macOS."""
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    except OSError:
        return []
    return [_CGROUPS / line.removeprefix("0::/") for line in lines if line.startswith("0::/")]
