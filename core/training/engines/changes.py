"""Changes to a run's folder, as values that another machine applies to its copy of the folder."""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.classifier.bundle import bundle_folder
from core.errors import ClusterError
from core.language import Message
from core.storage import atomic_write, make_folder, open_file, read_file, storage_errors

_PRIVATE_FILES = ("worker.lock", "process.json", "stop")
"""Files that describe the process on one machine."""

_GROWING_FILES = ("history.csv", "steps.csv", "train.log")
"""Files to which rows or lines are appended; only the new ones are sent."""

_CHECKPOINT = "checkpoint.npz"
_BUNDLE = "model"

_EPHEMERAL_FILES = ("steps.csv", "watched.json", "status.json", "train.log")
"""Files that are written too often to fsync, and that no run needs after a power cut."""


@dataclass(frozen=True)
class FileChange:
    """New contents of a file: all of them, or those after its first `offset` bytes. `name`: its path in the folder."""

    name: str
    content: bytes
    offset: int = 0


@dataclass(frozen=True)
class FolderChanges:
    """Changed files, and all files of the bundle by name if it was replaced."""

    files: tuple[FileChange, ...] = ()
    bundle: dict[str, bytes] | None = None

    def __bool__(self) -> bool:
        return bool(self.files) or self.bundle is not None

    @property
    def size(self) -> int:
        """The total size of the contents, in bytes."""
        return sum(len(change.content) for change in self.files) + sum(map(len, (self.bundle or {}).values()))

    def apply(self, folder: Path) -> None:
        """Write the changes to a copy of the folder, the checkpoint last.

        Raises ClusterError if a file's name is one that `FolderWatch` never sends, and StorageError. A checkpoint must
        never be ahead of the tables, because a run resumed from it would lack rows.
        """
        for name in (*(change.name for change in self.files), *(f"{_BUNDLE}/{name}" for name in self.bundle or {})):
            _check_name(name)
        for change in sorted(self.files, key=lambda change: change.name == _CHECKPOINT):
            _write(folder, change)
        if self.bundle is not None:
            with bundle_folder(folder / _BUNDLE) as new_bundle:
                make_folder(new_bundle)
                for name, content in self.bundle.items():
                    (new_bundle / name).write_bytes(content)


@dataclass(frozen=True)
class _Version:
    """The state of a file or of the bundle's folder; every change alters it."""

    inode: int
    mtime_ns: int
    size: int


class FolderWatch:
    """Finds what has changed in a run's folder since the last call to `changes`."""

    def __init__(self, folder: Path, *, seen: bool = False) -> None:
        """`seen`: True if the current files are already known; otherwise, the first call returns all of them."""
        self._folder = folder
        self._known = self._versions() if seen else {}
        self._sent: dict[str, tuple[int, bytes]] = {}  # size and digest of the growing files

    def changes(self) -> FolderChanges:
        """Return what has changed; a deleted file does not count as a change."""
        # The worker writes the tables before the checkpoint. They are read after it, so that they are never behind it.
        versions = self._versions()
        changed_names = [
            name for name, version in versions.items() if self._known.get(name) != version and name != _BUNDLE
        ]
        files = [change for name in changed_names if (change := self._read(name, versions[name])) is not None]
        bundle = None
        if _BUNDLE in versions and self._known.get(_BUNDLE) != versions[_BUNDLE]:
            bundle = self._read_bundle(versions[_BUNDLE])
        return FolderChanges(tuple(files), bundle)

    def _versions(self) -> dict[str, _Version]:
        """Return the version of each file, the checkpoint's first, and of the bundle's folder."""
        paths = [
            path for path in self._folder.iterdir() if path.name not in _PRIVATE_FILES and not _is_hidden(path.name)
        ]
        folders = [path for path in paths if path.is_dir() and path.name != _BUNDLE]
        for folder in folders:
            with suppress(FileNotFoundError):  # it was removed
                paths += [file for file in folder.iterdir() if not _is_hidden(file.name)]
        versions = {}
        for path in sorted(paths, key=lambda path: path.name != _CHECKPOINT):
            with suppress(FileNotFoundError):  # it is being replaced or was removed
                status = path.stat()
                if stat.S_ISREG(status.st_mode) or path.name == _BUNDLE:
                    name = str(path.relative_to(self._folder))
                    versions[name] = _Version(status.st_ino, status.st_mtime_ns, status.st_size)
        return versions

    def _read(self, name: str, version: _Version) -> FileChange | None:
        try:
            content = read_file(self._folder / name)
        except FileNotFoundError:
            return None
        self._known[name] = version
        if name not in _GROWING_FILES:
            return FileChange(name, content)
        content = content[: content.rfind(b"\n") + 1]  # the last row may be incomplete
        size, digest = self._sent.get(name, (0, b""))
        # A file that was replaced twice may have its old inode again, so compare the contents.
        offset = size if _digest(content[:size]) == digest else 0
        self._sent[name] = len(content), _digest(content)
        return FileChange(name, content[offset:], offset) if content[offset:] or not offset else None

    def _read_bundle(self, version: _Version) -> dict[str, bytes] | None:
        try:
            paths = [path for path in (self._folder / _BUNDLE).iterdir() if not _is_hidden(path.name)]
            content = {path.name: read_file(path) for path in paths}
        except FileNotFoundError:  # it is being replaced
            return None
        self._known[_BUNDLE] = version
        return content


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()


def _is_hidden(name: str) -> bool:
    """Return True for a temporary file of `atomic_write`, and for `.` and `..`."""
    return name.startswith(".")


def _check_name(name: str) -> None:
    """Raise ClusterError unless the name is that of a shared file in the folder or in one of its subfolders."""
    parts = name.split("/")
    if len(parts) > 2 or name in _PRIVATE_FILES or any(part == "" or _is_hidden(part) for part in parts):
        raise ClusterError(
            Message(
                "A machine in the cluster sent a file with the unexpected name {name!r}. Use only machines that you "
                "trust, then train again.",
                name=name[:100],
            )
        )


def _write(folder: Path, change: FileChange) -> None:
    path = folder / change.name
    durable = change.name not in _EPHEMERAL_FILES
    if not change.offset:
        with atomic_write(path, durable) as temporary:
            temporary.write_bytes(change.content)
        return
    with storage_errors(path), open_file(path, "r+b") as file:
        # The offset is usually the end of the file. Bytes beyond it mean that this change has already been applied.
        file.seek(min(change.offset, file.seek(0, os.SEEK_END)))
        file.truncate()
        file.write(change.content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
