"""Safe access to files: reading regular files only, atomic writes, removal, and the disk's errors as sentences."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from core.environment import read_only
from core.errors import ReadOnly, StorageError


class NotRegularFile(OSError):
    """A pipe, socket or device stands where a file should be; reading it could block forever or never end."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.EINVAL, "a pipe, socket or device, not a file", path)


def open_file(path: Path, mode: str = "rb", **options: Any) -> IO[Any]:
    """Open a run's or a bundle's file as `open` does, but only if it is a regular file.

    Raises NotRegularFile at once where `open` would wait for the other end of a pipe; other OSErrors as `open` does.
    """
    return open(path, mode, opener=_open_regular, **options)


def read_file(path: Path, most: int = -1) -> bytes:
    """Return a regular file's bytes, the first `most` of them; raises OSError."""
    with open_file(path) as file:
        content: bytes = file.read(most)
    return content


def _open_regular(path: str, flags: int) -> int:
    try:
        descriptor = os.open(path, flags | os.O_NONBLOCK, 0o644)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket, or a pipe that nobody reads
            raise NotRegularFile(path) from error
        raise
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISREG(kind) or stat.S_ISDIR(kind):  # `open` itself refuses a folder
        return descriptor
    os.close(descriptor)
    raise NotRegularFile(path)


def make_folder(path: Path) -> Path:
    """Create `path` and its parents; raises StorageError."""
    with storage_errors(path):
        try:
            path.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise NotADirectoryError(path) from error
    return path


def remove(path: Path) -> None:
    """Remove a folder with all that is in it, a file or a link, but nothing that a link points to; raises OSError."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


@contextlib.contextmanager
def atomic_write(path: Path, durable: bool = True) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it replaces `path` when the block ends without an error.

    Readers of `path` see the old contents or the new, never a part. `durable` calls fsync first, so that a power cut
    leaves one or the other. Raises StorageError.
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
    """Turn the disk's errors into StorageError; every write to the workspace is done within.

    Raises ReadOnly before anything is done if TRAZO_READONLY is set.
    """
    if read_only():
        raise ReadOnly(path)
    try:
        yield
    except OSError as error:
        if sentence := _sentence(path, error):
            raise StorageError(sentence, path) from error
        raise


def _sentence(path: Path, error: OSError) -> str | None:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: {path} could not be written. Free some space and try again."
    if isinstance(error, PermissionError) or error.errno in (errno.EROFS, errno.EACCES):
        return (
            f"{path} may not be written by this user. "
            "Change its permissions, or set TRAZO_WORKSPACE to a folder of your own."
        )
    if isinstance(error, NotADirectoryError | IsADirectoryError):
        return (
            f"{path} cannot be written: a file stands where a folder should be, or a folder where a file should. "
            "Move it away, or set TRAZO_WORKSPACE to another folder."
        )
    if isinstance(error, NotRegularFile):
        return f"{error.filename} is a pipe, socket or device, not a file. Remove it and try again."
    return None
