"""What is left of processes that were killed while they wrote: found by its name, removed once it is nobody's."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from core.classifier.bundle import Bundle
from core.runs.run import Run
from core.workspace import Workspace

NEW = ".new-"
"""How the folder of a run that is not complete yet begins."""
DELETED = ".deleted-"
"""How the folder of a run that is being deleted begins."""

# A bundle, and files on their way to their places (see `replacing`).
_IN_A_RUN = (".model-*", ".*.json.*", ".*.npz.*", ".*.csv.*")


def sweep(workspace: Workspace) -> None:
    """Remove all that was left; what a living worker is writing stays.

    Raises StorageError when the workspace cannot be written.
    """
    if not workspace.runs.is_dir():
        return
    # Under the lock nobody makes, deletes, names or starts a run: what lies there is nobody's.
    with workspace.locked():
        for pattern in (f"{NEW}*", f"{DELETED}*"):
            _remove_all(workspace.runs, pattern)
        for run in map(Run, workspace.runs.glob("[!.]*")):
            if not run.alive:
                _put_back(run)
                for pattern in _IN_A_RUN:
                    _remove_all(run.folder, pattern)


def _put_back(run: Run) -> None:
    """Give a run its model again whose worker was killed while a newer one took its place."""
    if run.bundle.folder.exists():
        return
    # The newer one first: in there it is complete before the other leaves its place.
    for name in ("new", "old"):
        for left in run.folder.glob(f".model-*/{name}"):
            if Bundle(left).complete:
                with suppress(OSError):
                    left.rename(run.bundle.folder)
                return


def _remove_all(folder: Path, pattern: str) -> None:
    for path in folder.glob(pattern):
        # What another user left there harms nobody.
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()
