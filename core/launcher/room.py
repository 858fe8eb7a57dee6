"""The room for another worker on this machine: up to TRAZO_WORKERS at a time, as long as memory allows."""

from __future__ import annotations

from core.environment import ray_address, worker_count
from core.launcher.memory import available_memory
from core.runs.snapshot import Snapshot

TRAINING_BYTES = 3 * 2**29
"""Memory of a training run: up to 1.5 GB."""
SUPERVISING_BYTES = 4 * 10**8
"""Memory of a worker whose run trains on a cluster, 0.18 GB, and of its driver, 0.19 GB."""
_RESERVED_BYTES = 2**29
"""Memory that stays free for the dashboard and other programs."""


def has_room(snapshot: Snapshot) -> bool:
    """Return True if another run may start: the first always may, a further one only if there is memory for it.

    Runs that have not completed a step count as if they had not allocated any memory yet.
    """
    running = [status for _, status in snapshot.readable() if status.state == "running"]
    if not running:
        return True
    if len(running) >= worker_count():
        return False
    starting_count = sum(status.phase == "starting" for status in running)
    needed_bytes = (1 + starting_count) * (SUPERVISING_BYTES if ray_address() else TRAINING_BYTES)
    return available_memory() >= needed_bytes + _RESERVED_BYTES
