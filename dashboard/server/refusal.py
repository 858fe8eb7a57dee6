"""What a request is told that does not get through: one sentence, counted and logged."""

from __future__ import annotations

import logging

from starlette.responses import JSONResponse
from starlette.types import Scope

from dashboard.server import metrics

_logger = logging.getLogger(__name__)


def refuse(
    reason: str, scope: Scope, status: int, sentence: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """The answer; `reason` is one word for the figures and the log."""
    metrics.REFUSED.labels(reason).inc()
    _logger.info("refused", extra={"reason": reason, "path": scope["path"], "status": status})
    return JSONResponse({"error": sentence}, status, headers)
