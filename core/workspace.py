"""Where everything lies on disk, and every environment variable that Trazo reads."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from core.storage import make_folder, storage_errors

PROJECT = Path(__file__).resolve().parent.parent
SHIPPED_BUNDLE = PROJECT / "models"


@dataclass(frozen=True)
class Workspace:
    """The folder that holds what a user made. Nothing is created until something is written."""

    root: Path

    @classmethod
    def from_environment(cls) -> Workspace:
        """The folder named by TRAZO_WORKSPACE, else `workspace/` in the checkout."""
        named = os.environ.get("TRAZO_WORKSPACE")
        return cls(Path(named).expanduser().resolve() if named else PROJECT / "workspace")

    @property
    def mnist_file(self) -> Path:
        return self.root / "data" / "mnist.npz"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def active_file(self) -> Path:
        return self.root / "active.json"

    @property
    def lock_file(self) -> Path:
        return self.root / "workspace.lock"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the workspace's lock: whoever makes, starts, stops or deletes runs does it alone.

        A thread may take it again while it holds it. Raises StorageError when the workspace cannot be written.
        """
        make_folder(self.root)
        lock = FileLock(self.lock_file, is_singleton=True)
        with storage_errors(self.lock_file):
            lock.acquire()
        try:
            yield
        finally:
            lock.release()
