"""Limits on Gradio: it fetches no URL, reads no file of this machine and serves only the routes that the demo needs.

Mounted in another app, Gradio does not check paths: it would copy any file and download any public URL that a caller
names. It also decodes every format that Pillow knows, at any size.
"""

from __future__ import annotations

import logging
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
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from core.environment import gradio_upload_folder
from core.errors import PictureError, TrazoError
from dashboard.server.library_internals import replace_input, sketch_parts

if TYPE_CHECKING:
    import gradio as gr

_logger = logging.getLogger(__name__)

MAX_HELD_BYTES = 200 * 2**20
"""Bytes of uploads on disk at a time, 20 of the largest pictures; Gradio deletes them after ten minutes."""

MAX_SKETCHES = 64
"""Sketches in memory that browsers have sent and not submitted yet; as many predictions may wait in the queue."""

MAX_SKETCH_BYTES = 32 * 2**20
"""Bytes of these sketches together; one has about 10 kB."""

_FOLDER_PREFIX = "trazo-gradio-"

_NEW_SECONDS = 60.0
"""Age in seconds below which a folder is kept: another dashboard may be about to lock it."""

_MAX_LAYERS = 8
"""Layers of a sketch; the demo's sketchpad sends one."""

_MAX_ID_LENGTH = 100
"""Characters of a sketch's id; far more than Gradio's page uses."""

_PARTS = ("background", "layer", "composite")

_API = "/gradio_api/"
# The routes that the page and gradio_client use. Gradio's other fifty fetch, record or edit, or serve other visitors'
# uploads, such as an SVG file with a script in it.
_READ = re.compile(
    r"/|/(config|theme\.css|favicon\.ico|manifest\.json|robots\.txt)/?|/(static|assets)/.+"
    rf"|{_API}(info|app_id|startup-events|theme\.css|queue/(data|status)|upload_progress)/?"
    rf"|{_API}heartbeat/[\w-]+|{_API}call/(predict|verdict)/[\w-]+"
)
_WRITE = re.compile(rf"{_API}(queue/join|call/(predict|verdict)|upload|component_server|cancel|reset)/?")


class GradioRoutes:
    """ASGI middleware that passes on the routes that the demo needs and answers 404 to all others."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = await _refusal(scope)
        app = self._pass_on if refusal is None else refusal
        await app(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call Gradio. It answers an unknown event with an error, then raises that error as well: drop it."""
        try:
            await self.app(scope, receive, send)
        except RuntimeError as error:
            if not isinstance(error.__cause__, HTTPException):
                raise
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _refusal(scope: Scope) -> JSONResponse | None:
    path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
    allowed = (_READ if scope["method"] in ("GET", "HEAD") else _WRITE).fullmatch(path)
    if not allowed:
        return _refuse(404, "There is nothing at this address. The demo is at /gradio/.")
    if path.startswith(f"{_API}upload") and scope["method"] == "POST" and await anyio.to_thread.run_sync(_full):
        return _refuse(503, "Too many pictures are being processed. Try again in a few minutes.")
    return None


def _refuse(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence}, status)


def upload_folder() -> Path:
    """Return the folder for uploads to the demo; by default it is this process's own and is deleted with it."""
    return gradio_upload_folder() or Path(_own_folder().name)


@cache
def _own_folder() -> tempfile.TemporaryDirectory[str]:
    _sweep(Path(tempfile.gettempdir()))
    folder = tempfile.TemporaryDirectory(prefix=_FOLDER_PREFIX)
    _lock_of(Path(folder.name)).acquire()
    return folder


def _sweep(place: Path) -> None:
    """Delete the folders of dashboards that were killed: those that are unlocked and not new."""
    for folder in place.glob(f"{_FOLDER_PREFIX}*"):
        with suppress(OSError):  # locked by its dashboard, another user's, or already deleted
            if not folder.is_symlink() and time.time() - folder.stat().st_mtime > _NEW_SECONDS:
                with _lock_of(folder):
                    shutil.rmtree(folder)


@cache
def _lock_of(folder: Path) -> FileLock:
    """Return the lock that a dashboard holds on its folder while it runs; acquiring a held one raises TimeoutError."""
    return FileLock(folder / ".lock", timeout=0)


def _full() -> bool:
    return sum(path.stat().st_size for path in _files(upload_folder())) > MAX_HELD_BYTES


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def guard_sketchpad(sketchpad: gr.Sketchpad) -> None:
    """Let a sketchpad read only what was uploaded to it, within our limits; it yields the file's bytes or None."""

    async def keep_in_folder(path: str | Path | None) -> str | None:
        with _shown_by_gradio():
            return None if path is None else str(_uploaded(path))

    def accept_part(part: Any) -> None:
        _check_part(part)
        # The composite contains the background and all layers; the demo reads nothing else.
        if part.data["type"] != "composite":
            return
        store_part(part)
        parts = sketch_parts(sketchpad)
        while len(parts) > MAX_SKETCHES or sum(map(_size, list(parts.values()))) > MAX_SKETCH_BYTES:
            parts.pop(next(iter(parts)), None)

    def preprocess(sketch: Any) -> bytes | None:
        with _shown_by_gradio():
            return _picture(sketchpad, sketch)

    store_part = replace_input(sketchpad, keep_in_folder, accept_part, preprocess)


async def _answer_failed_request(_request: Request, error: Exception) -> JSONResponse:
    """Answer a request that one of Gradio's routes fails on; errors of a prediction go through its queue instead."""
    _logger.warning("Gradio could not process a request.", exc_info=error)
    return _refuse(400, "The demo cannot process this request. See its API at /gradio/.")


FAILED_REQUESTS: dict[Any, Any] = dict.fromkeys(
    (LookupError, TypeError, ValueError, AttributeError, AssertionError), _answer_failed_request
)
"""Exception handlers, in Starlette's format, for the errors that Gradio's routes raise on incomplete requests."""


@contextmanager
def _shown_by_gradio() -> Iterator[None]:
    import gradio as gr

    try:
        yield
    except TrazoError as error:
        raise gr.Error(str(error), print_exception=False) from error


def _picture(sketchpad: gr.Sketchpad, payload: Any) -> bytes | None:
    """Return the file of the whole sketch, which was either sent in parts before or uploaded."""
    if payload is None:
        return None
    if payload.id is not None:
        parts = sketch_parts(sketchpad).pop(payload.id, None)
        return None if parts is None else parts.composite
    if payload.composite is None:
        return None
    from core.ink.picture_file import check_size

    path = _uploaded(payload.composite.path)
    check_size(path.stat().st_size)
    return path.read_bytes()


def _uploaded(path: str | Path) -> Path:
    """Return the resolved path of an uploaded file; raises PictureError for any other path."""
    folder = upload_folder().resolve()
    try:
        resolved = (folder / path).resolve()
        uploaded = resolved.is_relative_to(folder) and resolved.is_file()
    except (OSError, ValueError):  # a name that is too long or contains a null byte
        uploaded = False
    if not uploaded:
        raise PictureError("This picture was not uploaded here. Upload it, then send it with the sketch.")
    return resolved


def _size(sketch: Any) -> int:
    return len(sketch.composite or b"")


def _check_part(part: Any) -> None:
    """Raise ValueError unless a sketchpad could have sent this part."""
    values = getattr(part, "data", None)
    if not isinstance(values, dict) or len(getattr(part, "files", ())) != 1:
        raise ValueError("A part of a sketch is one file with its type and id.")
    index, name = str(values.get("index") or "null"), values.get("id")
    if values.get("type") not in _PARTS or not isinstance(name, str) or len(name) > _MAX_ID_LENGTH:
        raise ValueError(f"A part of a sketch is one of {_PARTS} and has a short id.")
    if index != "null" and not (index.isdecimal() and int(index) < _MAX_LAYERS):
        raise ValueError(f"A sketch has at most {_MAX_LAYERS} layers.")
