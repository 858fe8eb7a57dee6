"""Stamps of the files of all hands, by which a page notices a change without reading them."""

from __future__ import annotations

from core.workspace import Workspace


def file_stamps(workspace: Workspace, name: str) -> tuple[tuple[str, int, int], ...]:
    """Return the path, the time of the last change in nanoseconds and the size of each hand's file with this name."""
    found = []
    for file in sorted(workspace.personal.glob(f"[!.]*/{name}")):
        try:
            state = file.stat()
        except OSError:  # deleted in this moment
            continue
        found.append((str(file), state.st_mtime_ns, state.st_size))
    return tuple(found)
