"""What Gradio is kept from: addresses that a caller names, files of this machine, and endpoints that nobody needs.

Mounted in another app, Gradio checks no paths: it would copy any file that a caller names, and download any public
address. It also decodes every format that Pillow knows, at any size.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from filelock import FileLock
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import PictureError, TrazoError

if TYPE_CHECKING:
    import gradio as gr

_logger = logging.getLogger(__name__)

MAX_HELD_BYTES = 200 * 2**20
"""The most that uploads to the demo may take on disk at a time; Gradio deletes them after some minutes."""

MAX_SKETCHES, MAX_SKETCH_BYTES = 64, 32 * 2**20
"""How many sketches may be on their way from browsers to the demo, and how large all together; one has some 10 kB."""

_FOLDER_PREFIX = "trazo-gradio-"
_NEW_SECONDS = 60.0
"""A folder that is younger may be one that another dashboard is about to hold."""

_MAX_LAYERS = 8
_LONGEST_NAME = 100
_PARTS = ("background", "layer", "composite")

_API = "/gradio_api/"
# What the page and gradio_client ask for. The rest of Gradio's sixty routes fetch, record or edit, or give out what
# others uploaded, an SVG file with a script in it, say.
_READ = re.compile(
    r"/|/(config|theme\.css|favicon\.ico|manifest\.json|robots\.txt)/?|/(static|assets)/.+"
    rf"|{_API}(info|app_id|startup-events|theme\.css|queue/(data|status)|upload_progress)/?"
    rf"|{_API}heartbeat/[\w-]+|{_API}call/(predict|verdict)/[\w-]+"
)
_WRITE = re.compile(rf"{_API}(queue/join|call/(predict|verdict)|upload|component_server|cancel|reset)/?")


class GradioDoors:
    """ASGI middleware that lets through what the demo needs of Gradio, and answers 404 to all else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        allowed = (_READ if scope["method"] in ("GET", "HEAD") else _WRITE).fullmatch(path)
        if not allowed:
            await _refuse(404, "There is nothing here; the demo is at /gradio/.")(scope, receive, send)
        elif path.startswith(f"{_API}upload") and scope["method"] == "POST" and await anyio.to_thread.run_sync(_full):
            await _refuse(503, "Too many pictures are being read; try again in some minutes.")(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _refuse(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence}, status)


def upload_folder() -> Path:
    """Where this process keeps what is uploaded to the demo: a folder of its own that goes with it."""
    os.environ.setdefault("GRADIO_TEMP_DIR", _own_folder().name)
    return Path(os.environ["GRADIO_TEMP_DIR"])


@cache
def _own_folder() -> tempfile.TemporaryDirectory[str]:
    _sweep(Path(tempfile.gettempdir()))
    folder = tempfile.TemporaryDirectory(prefix=_FOLDER_PREFIX)
    _lock_of(Path(folder.name)).acquire()
    return folder


def _sweep(place: Path) -> None:
    """Delete what dashboards left that were killed: folders of theirs that nobody holds, and that are not just made."""
    for folder in place.glob(f"{_FOLDER_PREFIX}*"):
        with suppress(OSError):  # held by its dashboard, another user's, or gone meanwhile
            if not folder.is_symlink() and time.time() - folder.stat().st_mtime > _NEW_SECONDS:
                with _lock_of(folder):
                    shutil.rmtree(folder)


@cache
def _lock_of(folder: Path) -> FileLock:
    """What the dashboard that made a folder holds as long as it lives; who asks in vain gets a TimeoutError."""
    return FileLock(folder / ".lock", timeout=0)


def _full() -> bool:
    return sum(path.stat().st_size for path in _files(upload_folder())) > MAX_HELD_BYTES


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def guard_sketchpad(sketchpad: gr.Sketchpad) -> None:
    """Let a sketchpad read nothing but what was uploaded to it, within our limits; it then yields the file or None.

    The instance is changed: the mere definition of a subclass would make Gradio write a file beside its source.
    """
    keep_part = sketchpad.accept_blobs

    async def stay_in_folder(path: str | Path | None) -> str | None:
        with _shown_by_gradio():
            return None if path is None else str(_uploaded(path))

    def accept_part(part: Any) -> None:
        _check_part(part)
        # What lies behind a sketch and its layers are in it, too; nobody reads them.
        if part.data["type"] != "composite":
            return
        keep_part(part)
        held = sketchpad.blob_storage
        while len(held) > MAX_SKETCHES or sum(map(_size, list(held.values()))) > MAX_SKETCH_BYTES:
            held.pop(next(iter(held)), None)

    def preprocess(sketch: Any) -> bytes | None:
        with _shown_by_gradio():
            return _picture(sketchpad, sketch)

    accept_part._is_server_fn = True  # type: ignore[attr-defined]
    sketchpad.async_move_resource_to_block_cache = stay_in_folder  # type: ignore[method-assign, assignment]
    sketchpad.accept_blobs = accept_part
    sketchpad.preprocess = preprocess  # type: ignore[method-assign, assignment]


async def not_understood(_request: Request, error: Exception) -> JSONResponse:
    """Answer what Gradio's own routes stumble over; a prediction's errors take another way, through its queue."""
    _logger.warning("Gradio did not understand a request.", exc_info=error)
    return _refuse(400, "This request is not one of the demo's; see /gradio/ for its API.")


STUMBLES: dict[Any, Any] = dict.fromkeys(
    (LookupError, TypeError, ValueError, AttributeError, AssertionError), not_understood
)
"""What Gradio's routes raise for requests that lack something, as exception handlers of a Starlette app."""


@contextmanager
def _shown_by_gradio() -> Iterator[None]:
    import gradio as gr

    try:
        yield
    except TrazoError as error:
        raise gr.Error(str(error), print_exception=False) from error


def _picture(sketchpad: gr.Sketchpad, payload: Any) -> bytes | None:
    """The file of the sketch as it is seen: sent in parts before, or uploaded."""
    if payload is None:
        return None
    if payload.id is not None:
        parts = sketchpad.blob_storage.pop(payload.id, None)
        return None if parts is None else parts.composite
    if payload.composite is None:
        return None
    from core.ink.picture_file import check_size

    path = _uploaded(payload.composite.path)
    check_size(path.stat().st_size)
    return path.read_bytes()


def _uploaded(path: str | Path) -> Path:
    """A file that was uploaded here, and nothing else; raises PictureError."""
    folder = upload_folder().resolve()
    try:
        resolved = (folder / path).resolve()
        there = resolved.is_relative_to(folder) and resolved.is_file()
    except (OSError, ValueError):  # too long, or with a null byte
        there = False
    if not there:
        raise PictureError("This picture was not uploaded here; send it with the sketch.")
    return resolved


def _size(sketch: Any) -> int:
    return len(sketch.composite or b"")


def _check_part(part: Any) -> None:
    """Raise ValueError for a part that no sketchpad sends."""
    values = getattr(part, "data", None)
    if not isinstance(values, dict) or len(getattr(part, "files", ())) != 1:
        raise ValueError("A part of a sketch is one file with its place.")
    index, name = str(values.get("index") or "null"), values.get("id")
    if values.get("type") not in _PARTS or not isinstance(name, str) or len(name) > _LONGEST_NAME:
        raise ValueError(f"A part of a sketch is one of {_PARTS} and has a short id.")
    if index != "null" and not (index.isdecimal() and int(index) < _MAX_LAYERS):
        raise ValueError(f"A sketch has at most {_MAX_LAYERS} layers.")
