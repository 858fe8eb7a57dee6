"""Where everything lies on disk, and every environment variable that Trazo reads."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from core.errors import ReadOnly, StorageError

PROJECT = Path(__file__).resolve().parent.parent
SHIPPED_BUNDLE = PROJECT / "models"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


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


def read_only() -> bool:
    """Whether TRAZO_READONLY forbids every change: any value but `0`, `false` and `no` does."""
    return os.environ.get("TRAZO_READONLY", "").strip().lower() not in ("", "0", "false", "no")


def log_level() -> str:
    """The least serious events that are logged (TRAZO_LOG_LEVEL, else INFO)."""
    named = os.environ.get("TRAZO_LOG_LEVEL", "").strip().upper()
    return named if named in LOG_LEVELS else "INFO"


def predictions_per_minute() -> int:
    """How many predictions a client may ask for in a minute (TRAZO_PREDICTIONS_PER_MINUTE, else 600); 0: any number."""
    return _number("TRAZO_PREDICTIONS_PER_MINUTE", 600)


def pages_per_client() -> int:
    """How many pages a client may have open (TRAZO_PAGES_PER_CLIENT, else 100); 0: any number."""
    return _number("TRAZO_PAGES_PER_CLIENT", 100)


def _number(variable: str, default: int) -> int:
    named = os.environ.get(variable, "").strip()
    return int(named) if named.isdecimal() else default


def allowed_hosts() -> tuple[str, ...]:
    """The only names, beside this machine's, that the dashboard may be called by (TRAZO_ALLOWED_HOSTS); `*`: any."""
    return tuple(os.environ.get("TRAZO_ALLOWED_HOSTS", "").lower().replace(",", " ").split())


def framing_sites() -> tuple[str, ...]:
    """Sites that may show the dashboard in a frame: those of TRAZO_FRAMED_BY, else on a Space (SPACE_ID) its host."""
    named = tuple(os.environ.get("TRAZO_FRAMED_BY", "").replace(",", " ").replace(";", " ").split())
    return named or (("https://huggingface.co",) if os.environ.get("SPACE_ID") else ())


def proxies_trusted() -> bool:
    """Whether FORWARDED_ALLOW_IPS, which uvicorn reads, names proxies that may say who their clients are."""
    return bool(os.environ.get("FORWARDED_ALLOW_IPS"))


def mnist_location() -> Path | None:
    """The file or folder named by TRAZO_MNIST, if any."""
    named = os.environ.get("TRAZO_MNIST")
    return Path(named).expanduser() if named else None


def strokes_location() -> Path | None:
    """The file of real pen strokes named by TRAZO_STROKES, if any; they are for measuring, never for training."""
    named = os.environ.get("TRAZO_STROKES")
    return Path(named).expanduser() if named else None


def fashion_location() -> Path | None:
    """The folder of Fashion-MNIST's IDX files named by TRAZO_FASHION, if any; they are for measuring."""
    named = os.environ.get("TRAZO_FASHION")
    return Path(named).expanduser() if named else None


def keras_cache() -> Path:
    """Where `keras.datasets.mnist` keeps its download (KERAS_HOME, else `~/.keras`)."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets" / "mnist.npz"


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
