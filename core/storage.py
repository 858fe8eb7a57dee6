"""Safe file access: reads of regular files only, atomic writes, removal, and readable disk errors."""

from __future__ import annotations

import contextlib
import errno
import gzip
import io
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from core.environment import read_only
from core.errors import ReadOnly, StorageError
from core.language import Message

_SYSTEM_REASONS = {
    errno.EACCES: Message("Permission denied"),
    errno.EIO: Message("Input/output error"),
    errno.EISDIR: Message("Is a directory"),
    errno.ENAMETOOLONG: Message("File name too long"),
    errno.ENOENT: Message("No such file or directory"),
    errno.ENOSPC: Message("No space left on device"),
    errno.ENOTDIR: Message("Not a directory"),
    errno.EPERM: Message("Operation not permitted"),
}
"""The operating system's own wording for its most common errors."""

FileVersion = tuple[int, int] | None
"""Modification time in nanoseconds and inode of a file, or None if there is no file.

The inode is included because a file replaced within one clock tick may have the same modification time.
"""


class NotRegularFile(OSError):
    """A path leads to a pipe, socket or device rather than a regular file; reading from it might never end."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.EINVAL, Message("a pipe, socket or device, not a file"), path)


def open_file(path: Path, mode: str = "rb", **options: Any) -> IO[Any]:
    """Open a file as the built-in `open` does, but only if it is a regular file.

    Raises NotRegularFile immediately where `open` would wait for the other end of a pipe, and OSError as `open` does.
    """
    return open(path, mode, opener=_open_regular, **options)


def file_state(path: Path) -> os.stat_result | None:
    """Return the state of a file, or None if there is no file or it cannot be accessed.

    Another process may delete a file between a check that it exists and a query of its size; this asks only once.
    """
    try:
        return path.stat()
    except OSError:
        return None


def is_file(path: Path) -> bool:
    """Return True if there is a regular file, or False if there is none or it cannot be accessed.

    `Path.is_file` raises PermissionError for a file in a folder of another user.
    """
    state = file_state(path)
    return state is not None and stat.S_ISREG(state.st_mode)


def is_gone(path: Path) -> bool:
    """Return True if the path does not exist, or False if it exists or this cannot be determined."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def file_size(path: Path) -> int:
    """Return the size of a file in bytes, or 0 if there is no file or it cannot be accessed."""
    state = file_state(path)
    return state.st_size if state else 0


def modification_time_ns(path: Path) -> int:
    """Return a file's modification time in nanoseconds, or 0 if there is no file or it cannot be accessed."""
    state = file_state(path)
    return state.st_mtime_ns if state else 0


def file_version(path: Path) -> FileVersion:
    """Return a value that changes whenever the file is replaced, or None if there is no file."""
    state = file_state(path)
    return (state.st_mtime_ns, state.st_ino) if state else None


def system_reason(error: OSError) -> Message:
    """Return the reason that the system gave for an error."""
    found, english = _SYSTEM_REASONS.get(error.errno or 0), error.strerror or type(error).__name__
    if found == english:
        return found
    return english if isinstance(english, Message) else Message(english)


def read_file(path: Path, max_bytes: int = -1) -> bytes:
    """Return the contents of a regular file, or its first `max_bytes`; raises OSError."""
    with open_file(path) as file:
        content: bytes = file.read(max_bytes)
    return content


def unpack(content: bytes, max_bytes: int) -> bytes:
    """Return at most the first `max_bytes` of a file's contents, decompressed if they are gzipped.

    Raises OSError, EOFError or zlib.error if gzipped contents are damaged.
    """
    if not content.startswith(b"\x1f\x8b"):
        return content[:max_bytes]
    with gzip.open(io.BytesIO(content)) as file:
        return file.read(max_bytes)


def _open_regular(path: str, flags: int) -> int:
    try:
        descriptor = os.open(path, flags | os.O_NONBLOCK, 0o644)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket, or a pipe without a reader
            raise NotRegularFile(path) from error
        raise
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):  # `open` itself rejects a folder
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
    """Remove a file, a folder with its contents, or a link without its target; raises OSError."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


@contextlib.contextmanager
def atomic_write(path: Path, durable: bool = True, mode: int = 0o644) -> Iterator[Path]:
    """Yield a temporary path next to `path`; the file written there replaces `path` unless the with block raises.

    Readers of `path` see the old contents or the new, never a mixture. `durable`: call fsync first, so that this also
    holds after a power cut. `mode`: the permissions of the file. Raises StorageError.
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
            temporary.chmod(mode)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Convert disk errors in the with block to StorageError. Every write to the workspace happens in such a block.

    Raises ReadOnly before the block starts if TRAZO_READONLY forbids changes.
    """
    if read_only():
        raise ReadOnly(path)
    try:
        yield
    except OSError as error:
        if message := _error_message(path, error):
            raise StorageError(message, path) from error
        raise


def _error_message(path: Path, error: OSError) -> str | None:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Message(
            "The disk is full or a quota is exceeded: {path} could not be written. Free some space and try again.",
            path=path,
        )
    if isinstance(error, PermissionError) or error.errno in (errno.EROFS, errno.EACCES):
        return Message(
            "Permission denied: {path} could not be written. Change its permissions, or set "
            "TRAZO_WORKSPACE to a folder of your own.",
            path=path,
        )
    if isinstance(error, NotADirectoryError | IsADirectoryError):
        return Message(
            "{path} could not be written: there is a file where a folder should be, or a folder where a "
            "file should be. Rename or remove it, or set TRAZO_WORKSPACE to another folder.",
            path=path,
        )
    if isinstance(error, NotRegularFile):
        return Message("{path} is a pipe, socket or device, not a file. Remove it and try again.", path=error.filename)
    return None
