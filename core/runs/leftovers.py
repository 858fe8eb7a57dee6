"""Leftovers of processes that were killed while they wrote: recognised by name, removed when nobody uses them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from core.classifier.bundle import Bundle
from core.runs.run import Run
from core.storage import remove
from core.workspace import Workspace

NEW = ".new-"
"""Prefix of the folder of a run that is not complete yet."""
DELETED = ".deleted-"
"""Prefix of the folder of a run that is being deleted."""

# An unfinished bundle, and temporary files of `atomic_write`.
_IN_A_RUN = (".model-*", ".*.json.*", ".*.npz.*", ".*.csv.*")


def remove_leftovers(workspace: Workspace) -> None:
    """Remove all leftovers except those of living workers; raises StorageError if the workspace cannot be written."""
    if not workspace.runs.is_dir():
        return
    # Nobody creates, deletes, names or starts a run without this lock.
    with workspace.locked():
        for pattern in (f"{NEW}*", f"{DELETED}*"):
            _remove_all(workspace.runs, pattern)
        for run in map(Run, workspace.runs.glob("[!.]*")):
            if not run.alive:
                _restore_bundle(run)
                for pattern in _IN_A_RUN:
                    _remove_all(run.folder, pattern)


def _restore_bundle(run: Run) -> None:
    """Put a run's bundle back if its worker was killed while it replaced the bundle."""
    if run.bundle.folder.exists():
        return
    # The new bundle is complete before the old one leaves its place.
    for name in ("new", "old"):
        for left in run.folder.glob(f".model-*/{name}"):
            if Bundle(left).complete and not (left.is_symlink() or left.parent.is_symlink()):
                with suppress(OSError):
                    left.rename(run.bundle.folder)
                return


def _remove_all(folder: Path, pattern: str) -> None:
    for path in folder.glob(pattern):
        with suppress(OSError):  # another user's files do no harm
            remove(path)
