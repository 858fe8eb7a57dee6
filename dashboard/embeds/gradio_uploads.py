"""The folder for uploads to the Gradio demo, and its size limit."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from filelock import FileLock

from core.environment import gradio_upload_folder
from core.errors import PictureError
from core.language import Message
from core.storage import file_size

MAX_UPLOAD_BYTES = 200 * 2**20
"""Maximum size of the uploads on disk, enough for 20 of the largest pictures."""

UPLOAD_LIFETIME_SECONDS = 600
"""Age in seconds at which uploaded pictures are deleted, long enough to submit a sketch."""

PARTIAL_UPLOAD_PREFIX = "trazo-partial-"
"""Prefix of the names of files that are being uploaded; Gradio never deletes the file of an interrupted upload."""

_FOLDER_PREFIX = "trazo-gradio-"

_MIN_AGE_SECONDS = 60.0
"""Newer folders are kept, because the dashboard that made one may not have locked it yet."""


def upload_folder() -> Path:
    """Return the folder for uploads to the demo, by default a temporary one that is deleted when this process exits."""
    return gradio_upload_folder() or Path(_own_folder().name)


def uploads_full_after_cleanup() -> bool:
    """Delete old files of interrupted uploads; return True if the other uploads exceed their size limit."""
    _delete_old_partial_uploads(upload_folder())
    # Gradio may delete files and folders in the meantime; os.walk skips folders that no longer exist.
    files = (Path(folder, name) for folder, _, names in os.walk(upload_folder()) for name in names)
    return sum(map(file_size, files)) > MAX_UPLOAD_BYTES


def uploaded_file(path: str | Path) -> Path:
    """Return the resolved path of an uploaded file; raise PictureError for any other path."""
    folder = upload_folder().resolve()
    try:
        resolved = (folder / path).resolve()
        uploaded = resolved.is_relative_to(folder) and resolved.is_file()
    except (OSError, ValueError):  # the name is too long or contains a null byte
        uploaded = False
    if not uploaded:
        raise PictureError(Message("This picture was not uploaded here. Upload it, then send it with the sketch."))
    return resolved


@cache
def _own_folder() -> tempfile.TemporaryDirectory[str]:
    _delete_abandoned_folders(Path(tempfile.gettempdir()))
    folder = tempfile.TemporaryDirectory(prefix=_FOLDER_PREFIX)
    _lock_of(Path(folder.name)).acquire()
    return folder


def _delete_old_partial_uploads(folder: Path) -> None:
    for file in folder.glob(f"{PARTIAL_UPLOAD_PREFIX}*"):
        with suppress(OSError):  # Gradio has deleted it, or another user owns it
            if time.time() - file.stat().st_mtime > UPLOAD_LIFETIME_SECONDS:
                file.unlink()


def _delete_abandoned_folders(parent: Path) -> None:
    """Delete unlocked folders that are not new; killed dashboards left them behind."""
    for folder in parent.glob(f"{_FOLDER_PREFIX}*"):
        with suppress(OSError):  # locked by its dashboard, owned by another user, or already deleted
            if not folder.is_symlink() and time.time() - folder.stat().st_mtime > _MIN_AGE_SECONDS:
                with _lock_of(folder):
                    shutil.rmtree(folder)


@cache
def _lock_of(folder: Path) -> FileLock:
    """Return the lock that a dashboard holds on its folder while it runs; acquire raises TimeoutError if it is held."""
    return FileLock(folder / ".lock", timeout=0)
