"""Refusal of requests: a message for the client, a count in the metrics, and a line in the log."""

from __future__ import annotations

import logging

from starlette.responses import JSONResponse
from starlette.types import Scope
from starlette.websockets import WebSocketClose

from core.language import in_language, tr
from dashboard.server import metrics
from dashboard.server.language import request_language

_logger = logging.getLogger(__name__)


def refuse(reason: str, scope: Scope, status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return the response to a refused request, in its language; `reason` is one word for the metrics and the log."""
    _record(reason, scope, status)
    with in_language(request_language(scope)):
        return JSONResponse({"error": tr(message)}, status, headers)


def refuse_websocket(reason: str, scope: Scope, code: int, message: str) -> WebSocketClose:
    """Return the close message for a refused WebSocket; `code` is a close code of the WebSocket protocol."""
    _record(reason, scope, code)
    return WebSocketClose(code, message)


def _record(reason: str, scope: Scope, status: int) -> None:
    metrics.REFUSED_REQUESTS.labels(reason).inc()
    _logger.info("refused", extra={"reason": reason, "path": scope["path"], "status": status})
