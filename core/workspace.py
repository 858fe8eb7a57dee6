"""The workspace: its file locations, its lock, and the removal of this machine's paths from messages."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from core.environment import (
    fashion_location,
    keras_cache,
    mnist_location,
    pen_digits_location,
    workspace_location,
)
from core.storage import make_folder, storage_errors

PROJECT = Path(__file__).resolve().parent.parent
SHIPPED_BUNDLE = PROJECT / "models"

# The lookbehind excludes the paths in URLs such as https://example.org/a/b.
_PATH = re.compile(r"(?<![\w.:/~-])~?/[^\s\"'`:;,()<>]+")


@dataclass(frozen=True)
class Workspace:
    """The folder that holds all user data. Nothing is created until something is written."""

    root: Path

    @classmethod
    def from_environment(cls) -> Workspace:
        """Return the workspace at TRAZO_WORKSPACE, or else at `workspace/` in the checkout."""
        location = workspace_location()
        return cls(location.resolve() if location else PROJECT / "workspace")

    @property
    def mnist_file(self) -> Path:
        return self.root / "data" / "mnist.npz"

    @property
    def pen_digits_file(self) -> Path:
        return self.root / "data" / "pen_digits.jsonl.gz"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def sweeps(self) -> Path:
        return self.root / "sweeps"

    @property
    def active_file(self) -> Path:
        return self.root / "active.json"

    @property
    def cache(self) -> Path:
        """The folder for files that can be recomputed."""
        return self.root / "cache"

    @property
    def verdicts(self) -> Path:
        return self.root / "verdicts"

    @property
    def personal(self) -> Path:
        """The folder for people's handwriting, with one subfolder per hand."""
        return self.root / "personal"

    @property
    def classroom_key(self) -> Path:
        """The file with the teacher's key."""
        return self.root / "classroom.key"

    @property
    def exports(self) -> Path:
        """The folder for exported files, which can be regenerated."""
        return self.cache / "exports"

    @property
    def lock_file(self) -> Path:
        return self.root / "workspace.lock"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the workspace's lock, so that only one process at a time creates, starts, stops or deletes runs.

        A thread that holds the lock may acquire it again. Raises StorageError if the workspace is not writable.
        """
        make_folder(self.root)
        lock = FileLock(self.lock_file, is_singleton=True)
        with storage_errors(self.lock_file):
            lock.acquire()
        try:
            yield
        finally:
            lock.release()


def strip_paths(text: str) -> str:
    """Return the text with each path on this machine reduced to its last component, for read-only visitors.

    Paths inside the workspace or the checkout become relative to that folder.
    """
    # Replace known paths first, because they may contain spaces, which the pattern treats as the end of a path.
    for folder in (Workspace.from_environment().root, PROJECT):
        text = re.sub(rf"(?<![\w.:/~-]){re.escape(str(folder))}/", "", text)
        text = text.replace(str(folder), folder.name)
    for file in (mnist_location(), pen_digits_location(), fashion_location(), keras_cache()):
        if file:
            text = text.replace(str(file), file.name)
    return _PATH.sub(lambda match: Path(match[0]).name or match[0], text)
