"""The HTTP API: predictions for pictures; health and metrics for monitoring. See docs/api.md for fields and errors."""

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
from core.language import Message
from core.workspace import PROJECT
from dashboard.server import metrics
from dashboard.server.pictures import PicturePool, PicturePoolBusy, PicturePoolUnavailable, PictureProcessingError
from dashboard.server.rate_limits import client_of

if TYPE_CHECKING:
    from core.classifier.number_reader import NumberReading
    from core.classifier.predictor import Reading
    from core.ink.picture_ink import PictureInk
    from core.runs.active import ActivePredictor

MAX_BODY_BYTES = 10 * 2**20
"""Maximum size of a request body sent to /api/predict, including multipart overhead."""

NO_MODEL_ERROR = Message(
    "No model can be loaded; promote another one on the Runs page, or train one on the Train page."
)
"""An error message that Gradio also shows."""

_NOT_FOUND = "No such endpoint; POST a picture to /api/predict."
_STARTING = "The dashboard is starting; try again in a moment."
_SERVER_ERROR = "Something went wrong on our side; see the dashboard's log for details."
_INTERRUPTED = "The upload was interrupted; send the picture again."
_EMPTY_BODY = "The request body is empty; send a picture as the body."
_EMPTY_FILE = "The file is empty; send a picture."
_NO_FILE = "The form contains no file; send the picture in a form field named `file`."
_BAD_FORM = "The form cannot be read, or contains more than one file; send one picture in a form field named `file`."
_TOO_LARGE = f"The body is larger than {MAX_BODY_BYTES // 2**20} MiB; send a smaller picture."
_BAD_NUMBER = "The parameter `number` must be 1 to read a number, or 0 to read one digit."
_UNSUPPORTED_TYPE = (
    "This content type is not supported; send the picture as the body with a type like image/png, "
    "or in a multipart form field named `file`."
)


def build_api(predictor: Callable[[], ActivePredictor], warm: Callable[[], bool], pool: PicturePool) -> Starlette:
    """Build the app to mount at /api.

    `predictor()` returns the predictor of the active model; `warm()` returns True once everything for the first
    page is loaded; `pool` decodes the pictures.
    """

    def read_ink(ink: PictureInk, as_number: bool) -> tuple[str, Reading | NumberReading]:
        from core.classifier.number_reader import read_digit, read_number

        model, model_predictor = predictor().current()
        return model.name, (read_number if as_number else read_digit)(model_predictor, ink)

    async def predict(request: Request) -> JSONResponse:
        as_number = _wants_number(request)
        picture = await _read_picture(request)
        start = time.perf_counter()
        try:
            ink = await pool.ink(picture, client_of(request.scope))
            model, reading = await anyio.to_thread.run_sync(read_ink, ink, as_number)
        except (PictureError, BundleError, PictureProcessingError):
            metrics.count_prediction("api", "error")
            raise
        metrics.count_prediction("api", reading.verdict, time.perf_counter() - start)
        return JSONResponse({**reading.to_json(), "model": model})

    async def health(_request: Request) -> JSONResponse:
        if not warm():
            model = {"error": _STARTING}
        elif not await pool.available():
            model = {"error": str(PicturePoolUnavailable())}
        else:
            model = await anyio.to_thread.run_sync(_active_model_status, predictor)
        state = {"alive": True, "ready": "error" not in model, "version": _version(), "read_only": read_only()}
        return JSONResponse(state | model, 503 if "error" in model else 200, {"Cache-Control": "no-store"})

    async def metrics_endpoint(request: Request) -> Response:
        accept = request.headers.get("accept", "")
        content, content_type = await anyio.to_thread.run_sync(metrics.exposition, accept)
        return Response(content, headers={"Content-Type": content_type, "Cache-Control": "no-store"})

    return Starlette(
        routes=[
            Route("/predict", predict, methods=["POST"]),
            Route("/health", health, methods=["GET"]),
            Route("/metrics", metrics_endpoint, methods=["GET"]),
        ],
        exception_handlers=_exception_handlers(),
    )


def _active_model_status(predictor: Callable[[], ActivePredictor]) -> dict[str, str]:
    """Return the name of the active model, or the error if none can be loaded."""
    try:
        return {"model": predictor().current()[0].name}
    except BundleError:
        return {"error": NO_MODEL_ERROR}


def _wants_number(request: Request) -> bool:
    """Return True if the parameter `number` is 1."""
    value = request.query_params.get("number", "0")
    if value not in ("0", "1"):
        raise HTTPException(400, _BAD_NUMBER)
    return value == "1"


async def _read_picture(request: Request) -> bytes:
    """Return the bytes of the picture, which was sent as the body or in a form."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        return await _read_form_file(request, await _read_body(request))
    if media_type and media_type != "application/octet-stream" and not media_type.startswith("image/"):
        raise HTTPException(415, _UNSUPPORTED_TYPE)
    return await _read_body(request)


async def _read_body(request: Request) -> bytes:
    """Return the body. The size is checked as the body arrives, because Content-Length cannot be trusted."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413, _TOO_LARGE)
    if not body:
        raise HTTPException(400, _EMPTY_BODY)
    return bytes(body)


async def _read_form_file(request: Request, body: bytes) -> bytes:
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
        raise HTTPException(400, _EMPTY_FILE)
    return picture


def _exception_handlers() -> dict[Any, Any]:
    return {
        HTTPException: _http_error,
        PictureTooLarge: _error_handler(413, verdict="error"),
        PictureError: _error_handler(422, verdict="error"),
        PictureProcessingError: _error_handler(500, verdict="error"),
        PicturePoolBusy: _unavailable_error,
        PicturePoolUnavailable: _unavailable_error,
        # The original message would expose a local path.
        BundleError: _error_handler(503, NO_MODEL_ERROR),
        ClientDisconnect: _error_handler(400, _INTERRUPTED),
        Exception: _error_handler(500, _SERVER_ERROR),
    }


def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    message = error.detail
    if error.status_code == 404:
        message = _NOT_FOUND
    elif error.status_code == 405:
        message = f"This endpoint accepts only {(error.headers or {}).get('Allow', '')}."
    return JSONResponse({"error": message}, error.status_code, headers=error.headers)


def _unavailable_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PicturePoolBusy | PicturePoolUnavailable)
    return JSONResponse({"error": str(error)}, 503, {"Retry-After": str(error.retry_after)})


def _error_handler(status: int, message: str | None = None, **extra: str) -> Any:
    """Return a handler that responds with `status`, `message` (by default, the error's own), and the `extra` fields."""

    def handler(_request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": message or str(error), **extra}, status)

    return handler


@cache
def _version() -> str:
    return str(tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
