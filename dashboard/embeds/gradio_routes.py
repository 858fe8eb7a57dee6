"""The Gradio routes that the demo needs; every other route returns 404.

When mounted in another app, Gradio does not check paths: it would copy any file and download any public URL that a
caller requests.
"""

from __future__ import annotations

import logging
import re
from typing import Any

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from core.language import in_language, tr
from dashboard.embeds.gradio_uploads import uploads_full_after_cleanup
from dashboard.server.language import request_language

_logger = logging.getLogger(__name__)

_API = "/gradio_api/"

# The page and gradio_client need these paths. Gradio's fifty other routes fetch, record or edit data, or serve other
# visitors' uploads, such as an SVG file with a script in it.
_READ_PATHS = re.compile(
    r"/|/(config|theme\.css|favicon\.ico|manifest\.json|robots\.txt)/?|/(static|assets)/.+"
    rf"|{_API}(info|app_id|startup-events|theme\.css|queue/(data|status)|upload_progress)/?"
    rf"|{_API}heartbeat/[\w-]+|{_API}call/(predict|verdict)/[\w-]+"
)
_WRITE_PATHS = re.compile(rf"{_API}(queue/join|call/(predict|verdict)|upload|component_server|cancel|reset)/?")


class GradioRoutes:
    """ASGI middleware that forwards requests for the routes that the demo needs and returns 404 for all others."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = await _refusal(scope)
        app = self._forward if refusal is None else refusal
        await app(scope, receive, send)

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call Gradio and drop the error that Gradio raises after responding to an unknown event."""
        try:
            await self.app(scope, receive, send)
        except RuntimeError as error:
            if not isinstance(error.__cause__, HTTPException):
                raise
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _refusal(scope: Scope) -> JSONResponse | None:
    path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
    allowed = (_READ_PATHS if scope["method"] in ("GET", "HEAD") else _WRITE_PATHS).fullmatch(path)
    if not allowed:
        return _error_response(404, "There is nothing at this URL. The demo is at /gradio/.")
    is_upload = path.startswith(f"{_API}upload") and scope["method"] == "POST"
    if is_upload and await anyio.to_thread.run_sync(uploads_full_after_cleanup):
        with in_language(request_language(scope)):
            return _error_response(503, tr("Too many pictures are being processed. Try again in a few minutes."))
    return None


def _error_response(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status)


async def _handle_failed_request(_request: Request, error: Exception) -> JSONResponse:
    """Return a response for an error in one of Gradio's routes; prediction errors go through Gradio's queue instead."""
    _logger.warning("Gradio could not process a request.", exc_info=error)
    return _error_response(400, "The demo cannot process this request. See its API at /gradio/.")


FAILED_REQUEST_HANDLERS: dict[Any, Any] = dict.fromkeys(
    (LookupError, TypeError, ValueError, AttributeError, AssertionError), _handle_failed_request
)
"""Exception handlers, in Starlette's format, for the errors that Gradio's routes raise for malformed requests."""
