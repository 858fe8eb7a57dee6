"""Stamps of the hands' files, by which a page notices a change without reading the files."""

from __future__ import annotations

from core.workspace import Workspace


def file_stamps(workspace: Workspace, name: str) -> tuple[tuple[str, int, int], ...]:
    """Return the path, modification time in nanoseconds and size in bytes of each hand's file with this name."""
    stamps = []
    for file in sorted(workspace.personal.glob(f"[!.]*/{name}")):
        try:
            state = file.stat()
        except OSError:  # just deleted
            continue
        stamps.append((str(file), state.st_mtime_ns, state.st_size))
    return tuple(stamps)
