"""The HTTP API: predictions for pictures; health and metrics for monitoring. docs/api.md has its fields and errors."""

from __future__ import annotations

import time
import tomllib
from collections.abc import AsyncIterator, Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.environment import read_only
from core.errors import BundleError, PictureError, PictureTooLarge
from core.workspace import PROJECT
from dashboard.server import metrics
from dashboard.server.pictures import PictureBug, PicturePool, PicturesBusy, PicturesUnavailable
from dashboard.server.rate_limits import client_of

if TYPE_CHECKING:
    from core.classifier.predictor import Reading
    from core.ink.drawing import Pixels
    from core.runs.active import ActivePredictor

MAX_BODY_BYTES = 10 * 2**20
"""The largest body that /api/predict accepts, including the form around a picture."""

NO_MODEL_ERROR = "No model can be loaded; choose or train another one on the Runs page."

_NOT_FOUND = "There is nothing here; POST a picture to /api/predict."
_STARTING = "The dashboard is starting; ask again in a moment."
_BUG = "Something went wrong on our side; the log of the dashboard says what."
_CUT_OFF = "The body broke off before its end; send the picture again."
_EMPTY = "The body is empty; send a picture in it."
_NO_FILE = "The form has no file; send the picture in a form field named `file`."
_BAD_FORM = "The form cannot be read, or holds more than one file; send one picture, in a form field named `file`."
_TOO_MUCH = f"The body is larger than {MAX_BODY_BYTES // 2**20} MiB; send a smaller picture."
_WRONG_TYPE = (
    "This content type does not belong to a picture; send the picture as the body with a type like image/png, "
    "or in a multipart form field named `file`."
)


def build_api(predictor: Callable[[], ActivePredictor], warm: Callable[[], bool], pool: PicturePool) -> Starlette:
    """Build the app to mount at /api.

    `predictor()` returns the predictor of the model in use; `warm()` tells whether the dashboard has loaded what its
    first page needs; `pool` decodes the pictures.
    """

    def read(ink: Pixels) -> tuple[str, Reading]:
        model, current = predictor().current()
        return model.name, current.read(ink)

    async def predict(request: Request) -> JSONResponse:
        picture = await _received_picture(request)
        began = time.perf_counter()
        try:
            ink = await pool.ink(picture, client_of(request.scope))
            model, reading = await anyio.to_thread.run_sync(read, ink)
        except (PictureError, BundleError, PictureBug):
            metrics.count("api", "error")
            raise
        metrics.count("api", reading.verdict, time.perf_counter() - began)
        return JSONResponse({**reading.to_json(), "model": model})

    async def health(_request: Request) -> JSONResponse:
        if not warm():
            model = {"error": _STARTING}
        elif not await pool.available():
            model = {"error": str(PicturesUnavailable())}
        else:
            model = await anyio.to_thread.run_sync(_model_in_use, predictor)
        state = {"alive": True, "ready": "error" not in model, "version": _version(), "read_only": read_only()}
        return JSONResponse(state | model, 503 if "error" in model else 200, {"Cache-Control": "no-store"})

    async def figures(request: Request) -> Response:
        accept = request.headers.get("accept", "")
        content, content_type = await anyio.to_thread.run_sync(metrics.exposition, accept)
        return Response(content, headers={"Content-Type": content_type, "Cache-Control": "no-store"})

    return Starlette(
        routes=[
            Route("/predict", predict, methods=["POST"]),
            Route("/health", health, methods=["GET"]),
            Route("/metrics", figures, methods=["GET"]),
        ],
        exception_handlers={
            HTTPException: _http_error,
            PictureTooLarge: _error_with(413, verdict="error"),
            PictureError: _error_with(422, verdict="error"),
            PictureBug: _error_with(500, verdict="error"),
            PicturesBusy: _unavailable,
            PicturesUnavailable: _unavailable,
            # The error's own sentence names a folder of this machine.
            BundleError: _error_with(503, NO_MODEL_ERROR),
            ClientDisconnect: _error_with(400, _CUT_OFF),
            Exception: _error_with(500, _BUG),
        },
    )


def _model_in_use(predictor: Callable[[], ActivePredictor]) -> dict[str, str]:
    """Return the name of the model in use, or the error that keeps the dashboard from reading digits."""
    try:
        return {"model": predictor().current()[0].name}
    except BundleError:
        return {"error": NO_MODEL_ERROR}


async def _received_picture(request: Request) -> bytes:
    """Return the bytes of the picture, sent as the body or in a form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _form_file(request, await _limited_body(request))
    if kind and kind != "application/octet-stream" and not kind.startswith("image/"):
        raise HTTPException(415, _WRONG_TYPE)
    return await _limited_body(request)


async def _limited_body(request: Request) -> bytes:
    """Return the body; its size is counted as it comes in, because Content-Length may lie."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413, _TOO_MUCH)
    if not body:
        raise HTTPException(400, _EMPTY)
    return bytes(body)


async def _form_file(request: Request, body: bytes) -> bytes:
    """Return the content of the form field `file`."""

    async def stream() -> AsyncIterator[bytes]:
        yield body

    try:
        form = await MultiPartParser(request.headers, stream(), max_files=1, max_fields=8).parse()  # type: ignore[arg-type]
    except (MultiPartException, KeyError, UnicodeError) as error:
        raise HTTPException(400, _BAD_FORM) from error
    try:
        file = form.get("file")
        if file is None or isinstance(file, str):
            raise HTTPException(400, _NO_FILE)
        picture = await file.read()
    finally:
        await form.close()
    if not picture:
        raise HTTPException(400, _EMPTY)
    return picture


def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    sentence = error.detail
    if error.status_code == 404:
        sentence = _NOT_FOUND
    elif error.status_code == 405:
        sentence = f"This address answers {(error.headers or {}).get('Allow', '')} only."
    return JSONResponse({"error": sentence}, error.status_code, headers=error.headers)


def _unavailable(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PicturesBusy | PicturesUnavailable)
    return JSONResponse({"error": str(error)}, 503, {"Retry-After": str(error.retry_after)})


def _error_with(status: int, sentence: str | None = None, **more: str) -> Any:
    """Return a handler that answers with `status`, with `sentence` or else the error's own, and with `more` fields."""

    def handler(_request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": sentence or str(error), **more}, status)

    return handler


@cache
def _version() -> str:
    return str(tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
