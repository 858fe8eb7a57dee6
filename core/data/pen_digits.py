"""The pen digits: real handwriting as strokes; some writers are for training, the others for evaluation only.

Pen-Based Recognition of Handwritten Digits by E. Alpaydin and F. Alimoglu (UCI, 1998, CC BY 4.0).
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable
from pathlib import Path

from core.data.downloads import Progress, Source, download_shared
from core.environment import pen_digits_location
from core.errors import DataError, DataMissing
from core.handwriting.pen_digits import PenDigit
from core.handwriting.pen_file import json_line, read_pen_file, write_pen_file
from core.language import Message
from core.storage import is_file, is_gone
from core.workspace import Workspace

HOME_PAGE = "https://archive.ics.uci.edu/dataset/81"
LICENSE_PAGE = "https://creativecommons.org/licenses/by/4.0/"

TRAINING_WRITERS = range(1, 21)
"""Writers whose digits may be used for training and tuning."""

HELD_OUT_WRITERS = range(21, 31)
"""Writers whose digits are for evaluation only; a model trained on these people would look better than it is."""

PEN_DIGITS_SOURCE = (
    "Pen-Based Recognition of Handwritten Digits, E. Alpaydin and F. Alimoglu, UCI Machine Learning Repository, 1998 "
    "(CC BY 4.0)"
)
"""The attribution that the license requires."""

PEN_DIGITS_FINGERPRINT = "564e38188ff4acd45cb62c13a5ddaf6fdb2fe01ce171ab9c8d3b8cfacdbc5ba7"
"""The `fingerprint` of the 7,494 digits by all 30 writers in their original order; independent of the file format."""


_ORIGINAL = "pendigits-train"
_PATH = f"choucavalier/pendigits-hmm{{at}}03382e1457941714439d40b67e53eaf117fe4d08/data/{_ORIGINAL}"
_HASH = "sha256:a66225d68d7d68591e62944df1ad33b3f5aa608e2df2505844b41f5568a80da4"
# UCI itself offers only archives in an obsolete format (.Z).
SOURCES = (
    Source(
        Message("a copy on GitHub"), {_ORIGINAL: ("https://raw.githubusercontent.com/" + _PATH.format(at="/"), _HASH)}
    ),
    Source(
        Message("jsDelivr's mirror of that copy"),
        {_ORIGINAL: ("https://cdn.jsdelivr.net/gh/" + _PATH.format(at="@"), _HASH)},
    ),
)


def find_pen_digits(workspace: Workspace) -> Path | None:
    """Return the file named by TRAZO_PEN_DIGITS, otherwise the workspace's file; None if there is neither.

    Raises DataError if TRAZO_PEN_DIGITS points to a path that does not exist.
    """
    location = pen_digits_location()
    if location is not None:
        if is_gone(location):
            raise DataError(
                Message(
                    "TRAZO_PEN_DIGITS points to {location}, which does not exist. Correct or unset the variable.",
                    location=location,
                ),
                location,
            )
        return location
    return workspace.pen_digits_file if is_file(workspace.pen_digits_file) else None


def pen_digits_found(workspace: Workspace) -> bool:
    """Return True if there is a file of pen digits, which may be damaged."""
    try:
        return find_pen_digits(workspace) is not None
    except DataError:
        return False


def training_digits(workspace: Workspace) -> tuple[PenDigit, ...]:
    """Return the digits of TRAINING_WRITERS.

    Raises DataMissing if the pen digits are not on this machine, and DataError if the file does not contain them.
    """
    return _digits_by(TRAINING_WRITERS, workspace)


def held_out_digits(workspace: Workspace) -> tuple[PenDigit, ...]:
    """Return the digits of HELD_OUT_WRITERS, which must never be used for training or tuning.

    Raises the same errors as `training_digits`.
    """
    return _digits_by(HELD_OUT_WRITERS, workspace)


def available_training_digits(workspace: Workspace) -> tuple[PenDigit, ...]:
    """Return the digits of TRAINING_WRITERS, or none if they are missing; raises DataError for a damaged file."""
    try:
        return training_digits(workspace)
    except DataMissing:
        return ()


def available_held_out_digits(workspace: Workspace) -> tuple[PenDigit, ...]:
    """Return the digits of HELD_OUT_WRITERS, or none if they are missing; a damaged file only causes a warning."""
    try:
        return held_out_digits(workspace)
    except DataMissing:
        return ()
    except DataError as error:
        warnings.warn(str(error), stacklevel=2)
        return ()


def locate_pen_digits(workspace: Workspace) -> Path:
    """Return the file as `find_pen_digits` does; raise DataMissing if there is none."""
    path = find_pen_digits(workspace)
    if path is None:
        raise DataMissing(
            Message(
                "The pen digits are not on this machine yet. Download or upload them on the Data page, or "
                "run: python -m core data download pen-digits"
            )
        )
    return path


def read_pen_digits(path: Path) -> tuple[PenDigit, ...]:
    """Read the digits of all writers from gzipped JSON lines or UCI's UNIPEN text.

    Raises DataError if the file does not contain exactly UCI's pen digits.
    """
    digits = tuple(read_pen_file(path))
    check_pen_digits(digits, str(path))
    return digits


def check_pen_digits(digits: Iterable[PenDigit], name: str) -> None:
    """Raise DataError unless these are UCI's pen digits; `name` is the file's name in errors."""
    if fingerprint(digits) != PEN_DIGITS_FINGERPRINT:
        raise DataError(
            Message(
                "{name} is damaged or does not contain UCI's pen digits. Download or import the pen digits again.",
                name=name,
            )
        )


def import_pen_digits(path: Path, workspace: Workspace) -> Path:
    """Verify the pen digits at `path` and copy them into the workspace; if this fails, the previous file is kept."""
    write_pen_file(workspace.pen_digits_file, read_pen_digits(path))
    return workspace.pen_digits_file


def download_pen_digits(
    workspace: Workspace, progress: Progress | None = None, sources: tuple[Source, ...] = SOURCES
) -> Path:
    """Download the pen digits into the workspace from the first source that works, and return the file.

    Raises DownloadError with the error from each source, and StorageError if the disk is full or read-only. The
    previous file is kept until a verified one replaces it. Concurrent calls share one download.
    """
    failure = Message(
        "The pen digits could not be downloaded: none of the sources returned a valid file. Check your "
        "connection and try again, or download the file some other way and run: python -m core data "
        "import pen-digits FILE."
    )

    def store(folder: Path) -> None:
        import_pen_digits(folder / _ORIGINAL, workspace)

    download_shared(workspace.pen_digits_file, sources, store, failure, progress)
    return workspace.pen_digits_file


def fingerprint(digits: Iterable[PenDigit]) -> str:
    """Return the SHA-256 (hex) of the labels, writers and strokes of all digits in order."""
    digest = hashlib.sha256()
    for digit in digits:
        digest.update(f"{json_line(digit)}\n".encode())
    return digest.hexdigest()


def _digits_by(writers: range, workspace: Workspace) -> tuple[PenDigit, ...]:
    digits = read_pen_digits(locate_pen_digits(workspace))
    return tuple(digit for digit in digits if digit.writer in writers)
