"""Files left behind by killed processes: recognised by name, and removed when no process uses them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from core.classifier.bundle import Bundle
from core.runs.run import Run
from core.storage import remove
from core.workspace import Workspace

NEW_PREFIX = ".new-"
"""Prefix of the folder of a run that is being created."""
DELETED_PREFIX = ".deleted-"
"""Prefix of the folder of a run that is being deleted."""

_PATTERNS_IN_RUN = (".model-*", ".*.json.*", ".*.npz.*", ".*.csv.*")
"""Unfinished bundles and temporary files of `atomic_write`."""


def remove_leftovers(workspace: Workspace) -> None:
    """Remove all leftovers except those of running workers; raises StorageError if the workspace is not writable."""
    if not workspace.runs.is_dir():
        return
    # Creating, deleting, naming and starting a run all need this lock.
    with workspace.locked():
        for pattern in (f"{NEW_PREFIX}*", f"{DELETED_PREFIX}*"):
            _remove_all(workspace.runs, pattern)
        for run in map(Run, workspace.runs.glob("[!.]*")):
            if not run.alive:
                _restore_bundle(run)
                for pattern in _PATTERNS_IN_RUN:
                    _remove_all(run.folder, pattern)


def _restore_bundle(run: Run) -> None:
    """Restore a run's bundle if its worker was killed while replacing it."""
    if run.bundle.folder.exists():
        return
    # The worker completes the new bundle before it moves the old one away.
    for name in ("new", "old"):
        for folder in run.folder.glob(f".model-*/{name}"):
            if Bundle(folder).complete and not (folder.is_symlink() or folder.parent.is_symlink()):
                with suppress(OSError):
                    folder.rename(run.bundle.folder)
                return


def _remove_all(folder: Path, pattern: str) -> None:
    for path in folder.glob(pattern):
        with suppress(OSError):  # files owned by other users are left in place, because they are harmless
            remove(path)
