"""Refused requests: one sentence for the client, one count for the metrics, one line in the log."""

from __future__ import annotations

import logging

from starlette.responses import JSONResponse
from starlette.types import Scope
from starlette.websockets import WebSocketClose

from dashboard.server import metrics

_logger = logging.getLogger(__name__)


def refuse(
    reason: str, scope: Scope, status: int, sentence: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return the answer to a refused request; `reason` is one word for the metrics and the log."""
    _record(reason, scope, status)
    return JSONResponse({"error": sentence}, status, headers)


def refuse_websocket(reason: str, scope: Scope, code: int, sentence: str) -> WebSocketClose:
    """Return the end of a refused WebSocket; `code` is one of the WebSocket protocol's close codes."""
    _record(reason, scope, code)
    return WebSocketClose(code, sentence)


def _record(reason: str, scope: Scope, status: int) -> None:
    metrics.REFUSED.labels(reason).inc()
    _logger.info("refused", extra={"reason": reason, "path": scope["path"], "status": status})
