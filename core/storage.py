"""Atomic writes and the disk's errors."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from core.environment import read_only
from core.errors import ReadOnly, StorageError


def make_folder(path: Path) -> Path:
    """Create `path` and its parents; raise StorageError with a sentence where that cannot be."""
    with storage_errors(path):
        try:
            path.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise NotADirectoryError(path) from error
    return path


@contextlib.contextmanager
def replacing(path: Path, durable: bool = True) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place when the block ends well.

    Whoever reads `path` meanwhile sees the old contents or the new, never a part; when the block
    fails, the old contents stay. `durable` also waits until the disk has it, so that a power cut leaves one or the
    other. Raises StorageError when the disk is full or read-only.
    """
    make_folder(path.parent)
    with storage_errors(path):
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            if durable:
                with temporary.open("rb") as file:
                    os.fsync(file.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """What every write is done within: turns the disk's own errors into one sentence with the way out.

    Where TRAZO_READONLY is set it raises ReadOnly before anything is done.
    """
    if read_only():
        raise ReadOnly(path)
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            message = f"The disk is full: {path} could not be written. Free some space and try again."
            raise StorageError(message, path) from error
        if isinstance(error, PermissionError) or error.errno in (errno.EROFS, errno.EACCES):
            message = (
                f"{path} may not be written by this user. "
                "Change its rights, or set TRAZO_WORKSPACE to a folder of your own."
            )
            raise StorageError(message, path) from error
        if isinstance(error, NotADirectoryError | IsADirectoryError):
            message = (
                f"{path} cannot be written: a file stands where a folder should be, or a folder where a file should. "
                "Move it away, or set TRAZO_WORKSPACE to another folder."
            )
            raise StorageError(message, path) from error
        raise
