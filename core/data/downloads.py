"""Downloads of datasets: verified by checksum, from the first source that works, shared by concurrent callers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from core.errors import DataError, DownloadError
from core.language import Message
from core.storage import make_folder, modification_time_ns, remove, storage_errors

Progress = Callable[[int, int], None]
"""Called with the number of bytes of a file that have been received so far, and its size (0 if unknown)."""

TIMEOUT_SECONDS = (10, 30)
"""Connect and read timeouts."""


@dataclass(frozen=True)
class Source:
    """A download source for a dataset: file name -> (URL, known hash in pooch's notation)."""

    title: str
    files: Mapping[str, tuple[str, str]]


def download_shared(
    target: Path,
    sources: Sequence[Source],
    store: Callable[[Path], object],
    failure_message: str,
    progress: Progress | None,
) -> None:
    """Download a source's files into a temporary folder for `store`, which verifies them and writes `target`.

    Raises DownloadError with `failure_message` and the error from each source, and StorageError if the disk is full or
    read-only. Concurrent calls for one target share one download.
    """
    folder = make_folder(target.parent)
    previous = modification_time_ns(target)
    with storage_errors(folder), FileLock(folder / f"{target.name}.lock"):
        if modification_time_ns(target) != previous:  # another caller has just downloaded it
            return
        prefix = f"download-{target.name}-"
        for leftover in folder.glob(f"{prefix}*"):  # left by a process that was killed
            remove(leftover)
        errors = []
        for source in sources:
            with tempfile.TemporaryDirectory(prefix=prefix, dir=folder) as temporary:
                try:
                    for name, (url, known_hash) in source.files.items():
                        _fetch(url, known_hash, Path(temporary) / name, progress)
                    store(Path(temporary))
                    return
                except DataError as error:
                    errors.append(Message("{source}: {reason}", source=source.title, reason=error))
    raise DownloadError(failure_message, tuple(errors))


def _fetch(url: str, known_hash: str, path: Path, progress: Progress | None) -> None:
    # Imported here, because importing pooch and requests takes half a second.
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    progress_bar = _ProgressBar(progress) if progress else False
    downloader = pooch.HTTPDownloader(progressbar=progress_bar, timeout=TIMEOUT_SECONDS, chunk_size=64 * 1024)
    try:
        pooch.retrieve(url, known_hash, fname=path.name, path=path.parent, downloader=downloader)
    except requests.Timeout as error:
        raise DataError(Message("{url} did not respond in time.", url=url), path) from error
    except requests.HTTPError as error:
        message = Message("{url} responded with an error.", url=url)
        if error.response is not None:
            message = Message("{url} responded with {status}.", url=url, status=error.response.status_code)
        raise DataError(message, path) from error
    except requests.RequestException as error:
        raise DataError(Message("{url} could not be reached, or the connection was lost.", url=url), path) from error
    except OSError as error:
        if error.errno is not None:  # a disk error
            raise
        # requests raises this if REQUESTS_CA_BUNDLE names a missing file.
        raise DataError(Message("{url} could not be requested: {reason}", url=url, reason=str(error)), path) from error
    except ValueError as error:  # raised by pooch for a wrong hash
        raise DataError(Message("{url} returned a truncated or unexpected file.", url=url), path) from error


class _ProgressBar:
    """A progress bar with pooch's interface that calls a plain function."""

    def __init__(self, progress: Progress) -> None:
        self.total = 0
        self._progress = progress
        self._done = 0

    def update(self, amount: int) -> None:
        # This may exceed the size: pooch counts the last chunk as a full one, and bytes after their decompression.
        self._done += amount
        size = int(self.total)
        self._progress(min(self._done, size) if size else self._done, size)

    def reset(self) -> None:
        # At the end, pooch resets the bar and then adds the size, which may be unknown.
        pass

    def close(self) -> None:
        pass
