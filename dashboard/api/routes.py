"""The HTTP API: a picture in, the digit out as JSON; how the dashboard is, for machines that watch over it.

docs/api.md has its addresses, fields and errors.
"""

from __future__ import annotations

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
from core.errors import BundleError, PictureError, PictureTooLarge, TrazoError
from core.workspace import PROJECT
from dashboard.api.reader_process import NoReader, ReaderFault, Readers
from dashboard.server import metrics

if TYPE_CHECKING:
    from core.runs.active import ActivePredictor

MAX_BODY_BYTES = 10 * 2**20
"""The most that /api/predict takes, form and all."""

MAX_WAITING = 200
"""Pictures that may be read or wait for it; those beyond are sent away at once, before everybody has waited in vain."""

_SENTENCES = {404: "There is nothing here; POST a picture to /api/predict."}
_BUSY = "Too many pictures are being read; try again in a second."
_NO_READER = "Nothing here can read pictures at the moment, and the dashboard's log says why; the pages go on."
_STARTING = "The dashboard is starting; ask again in a moment."
NO_MODEL = "No model can be loaded; choose or train another one on the Runs page."
_FAULT = "Something went wrong on our side; the log of the dashboard says what."
_CUT_OFF = "The body broke off before its end; send the picture again."
_EMPTY = "The body is empty; send a picture in it."
_NO_FILE = "The form has no file; send the picture in a form field named `file`."
_BAD_FORM = "The form cannot be read, or holds more than one file; send one picture, in a form field named `file`."
_TOO_MUCH = f"The body is larger than {MAX_BODY_BYTES // 2**20} MiB; send a smaller picture."
_WRONG_TYPE = (
    "This content type is not a picture's; send the picture as the body with a type like image/png, "
    "or in a multipart form field named `file`."
)


def build_api(predictor: Callable[[], ActivePredictor], warm: Callable[[], bool], readers: Readers) -> Starlette:
    """The app to mount at /api. Whoever has made `readers` stops them.

    `predictor()`: what has the model in use, for health to name. `warm()`: whether the dashboard has loaded what its
    first visitor needs. `readers`: what reads pictures, with the model in use in the workspace of the environment.
    """
    reader = _Reader(readers)

    async def predict(request: Request) -> JSONResponse:
        return JSONResponse(await reader.read(await _received_picture(request)))

    async def health(_request: Request) -> JSONResponse:
        if not warm():
            model = {"error": _STARTING}
        elif not readers.usable():
            model = {"error": _NO_READER}
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
            # The error's own sentence names a folder of this machine.
            BundleError: _error_with(503, NO_MODEL),
            ClientDisconnect: _error_with(400, _CUT_OFF),
            ReaderFault: _error_with(500, _FAULT, verdict="error"),
            Exception: _error_with(500, _FAULT),
        },
    )


def _model_in_use(predictor: Callable[[], ActivePredictor]) -> dict[str, str]:
    """The model in use, or the error that keeps the dashboard from reading digits."""
    try:
        return {"model": predictor().current()[0].name}
    except BundleError:
        return {"error": NO_MODEL}


class _Reader:
    """Pictures in, answers out."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._waiting = 0

    async def read(self, picture: bytes) -> dict[str, Any]:
        """The answer to a picture; raises PictureError, BundleError, and HTTPException where nothing reads it now."""
        if self._waiting >= MAX_WAITING:
            raise _refused("busy", _BUSY)
        self._waiting += 1
        try:
            answer, seconds = await self._readers.read(picture)
        except TimeoutError:
            raise _refused("busy", _BUSY) from None
        except NoReader:
            raise _refused("readers", _NO_READER, seconds=5) from None
        except (TrazoError, ReaderFault):
            metrics.count("api", "error")
            raise
        finally:
            self._waiting -= 1
        metrics.count("api", answer["verdict"], seconds)
        return answer


def _refused(reason: str, sentence: str, seconds: int = 1) -> HTTPException:
    metrics.REFUSED.labels(reason).inc()
    return HTTPException(503, sentence, {"Retry-After": str(seconds)})


async def _received_picture(request: Request) -> bytes:
    """The bytes of the picture in the body, whether it comes plainly or in a form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _form_file(request, await _limited_body(request))
    if kind and kind != "application/octet-stream" and not kind.startswith("image/"):
        raise HTTPException(415, _WRONG_TYPE)
    return await _limited_body(request)


async def _limited_body(request: Request) -> bytes:
    """The body, counted as it comes in: what Content-Length claims is not relied on."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413, _TOO_MUCH)
    if not body:
        raise HTTPException(400, _EMPTY)
    return bytes(body)


async def _form_file(request: Request, body: bytes) -> bytes:
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
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        return JSONResponse({"error": f"This address answers {allowed} only."}, 405, headers=error.headers)
    sentence = _SENTENCES.get(error.status_code, error.detail)
    return JSONResponse({"error": sentence}, error.status_code, headers=error.headers)


def _error_with(status: int, sentence: str | None = None, **more: str) -> Any:
    """A handler that answers with `status` and `sentence`, else with the error's own, and with `more` fields."""

    def handler(_request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": sentence or str(error), **more}, status)

    return handler


@cache
def _version() -> str:
    return str(tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
