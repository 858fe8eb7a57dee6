"""Stamps of the hands' files, by which a page notices a change without reading the files."""

from __future__ import annotations

from core.storage import file_state
from core.workspace import Workspace


def file_stamps(workspace: Workspace, name: str) -> tuple[tuple[str, int, int], ...]:
    """Return the path, modification time in nanoseconds and size in bytes of each hand's file with this name."""
    states = ((file, file_state(file)) for file in sorted(workspace.personal.glob(f"[!.]*/{name}")))
    # A file that has just been deleted has no state.
    return tuple((str(file), state.st_mtime_ns, state.st_size) for file, state in states if state)
