"""An overview of the running and queued runs, and the message about them when the dashboard exits."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from core.language import Message, count_message
from core.runs.label import display_name
from core.runs.run import Run
from core.runs.snapshot import Snapshot
from core.workspace import Workspace

_CONTAINER_MARKERS = (Path("/.dockerenv"), Path("/run/.containerenv"))
"""Files that Docker and Podman create in each container."""


@dataclass(frozen=True)
class Overview:
    """The state of the queue.

    `latest`: the newest run in progress, or else the newest run that has ended. `waiting`: the queued runs, in
    the order in which they will start. `busy`: True if any run is running or queued.
    """

    latest: Run | None
    waiting: tuple[Run, ...]
    busy: bool


def overview(workspace: Workspace, snapshot: Snapshot | None = None) -> Overview:
    """Return the state of the queue. A snapshot is taken now if none is given."""
    readable = [(found.run, status.state) for found, status in (snapshot or Snapshot.of(workspace)).readable()]
    running = [run for run, state in readable if state == "running"]
    waiting = tuple(run for run, state in reversed(readable) if state == "queued")
    started = running or [run for run, state in readable if state != "queued"]
    return Overview(latest=started[0] if started else None, waiting=waiting, busy=bool(running or waiting))


def exit_message(workspace: Workspace) -> Message | None:
    """Return a message about the runs in progress, if any, for the person who stops the dashboard."""
    snapshot = Snapshot.of(workspace)
    running, waiting = snapshot.in_state("running"), len(snapshot.in_state("queued"))
    if not running:
        return None
    names = ", ".join(display_name(entry.run) for entry in running)
    if is_container_main_process():
        return count_message(
            "Run {names} will stop when this container stops. Completed epochs are kept; restart the container and "
            "press Resume to continue.",
            "Runs {names} will stop when this container stops. Completed epochs are kept; restart the container and "
            "press Resume to continue.",
            len(running),
            names=names,
        )
    if waiting:
        return count_message(
            "Run {names} continues without the dashboard, with {waiting} more in the queue. Stop training with: "
            "python -m core runs stop",
            "Runs {names} continue without the dashboard, with {waiting} more in the queue. Stop training with: "
            "python -m core runs stop",
            len(running),
            names=names,
            waiting=waiting,
        )
    return count_message(
        "Run {names} continues without the dashboard. Stop training with: python -m core runs stop",
        "Runs {names} continue without the dashboard. Stop training with: python -m core runs stop",
        len(running),
        names=names,
    )


def is_container_main_process() -> bool:
    """Return True in a container's main process (PID 1, or the child of a small init); the container ends with it."""
    return os.getpid() == 1 or (os.getppid() == 1 and any(marker.exists() for marker in _CONTAINER_MARKERS))
