"""Overview of trainings: the one that runs, those that wait, and the message when the dashboard ends."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from core.runs.label import name_of
from core.runs.run import Run
from core.runs.snapshot import Snapshot
from core.workspace import Workspace

_CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
"""Files that Docker and Podman create in each of their containers."""


@dataclass(frozen=True)
class Overview:
    """All trainings: `latest` is the running one, else the newest that has ended; `waiting` in the order of the queue.

    `busy`: true if anything runs or waits.
    """

    latest: Run | None
    waiting: tuple[Run, ...]
    busy: bool


def overview(workspace: Workspace, snapshot: Snapshot | None = None) -> Overview:
    """Return what runs, what waits and what ended last; `snapshot`: one that the caller has taken."""
    readable = (snapshot or Snapshot.of(workspace)).readable()
    running = [seen.run for seen, status in readable if status.state == "running"]
    waiting = tuple(seen.run for seen, status in reversed(readable) if status.state == "queued")
    started = running or [seen.run for seen, status in readable if status.state != "queued"]
    return Overview(latest=started[0] if started else None, waiting=waiting, busy=bool(running or waiting))


def exit_message(workspace: Workspace) -> str | None:
    """Return the message about the running training for a person who ends the dashboard; None if nothing runs."""
    snapshot = Snapshot.of(workspace)
    running, waiting = snapshot.in_state("running"), len(snapshot.in_state("queued"))
    if not running:
        return None
    name = name_of(running[0].run)
    if _ends_the_container():
        return f"Training {name} ends with this container. Start it again and press Resume: whole epochs are kept."
    continues = f" and {waiting} in the queue continue" if waiting else " continues"
    return f"Training {name}{continues} without the dashboard. Stop it with: python -m core runs stop"


def _ends_the_container() -> bool:
    """Return True in a container's main process, alone or under a small init; all its other processes end with it."""
    return os.getpid() == 1 or (os.getppid() == 1 and any(mark.exists() for mark in _CONTAINER_MARKS))
