"""The log: one line of JSON for each event on stderr, from TRAZO_LOG_LEVEL on, whoever has something to say.

{"time": "2026-11-22T19:42:24.123+00:00", "level": "INFO", "logger": "dashboard.server.gate", "event": "refused", ...}
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import streamlit.logger
import uvicorn.config
from pythonjsonlogger.json import JsonFormatter

from core.environment import log_level

# Not uvicorn.access: a line for each request is a proxy's business.
_SERVERS = ("uvicorn", "uvicorn.error", "uvicorn.asgi", "websockets")


class _Formatter(JsonFormatter):
    def __init__(self) -> None:
        super().__init__(
            ["asctime", "levelname", "name", "message"],
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger", "message": "event"},
        )

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - logging's
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def start() -> None:
    """Send everything that is logged in this process through one handler."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter())
    handler.setLevel(log_level())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for ours in ("core", "dashboard"):
        logging.getLogger(ours).setLevel(log_level())
    uvicorn.config.LOGGING_CONFIG["loggers"]["uvicorn"] = {"level": "WARNING", "propagate": True}
    # Streamlit gives each of its loggers a handler of its own, now and whenever its settings are read.
    streamlit.logger.setup_formatter = adopt
    streamlit.logger.update_formatter()
    logging.captureWarnings(True)


def adopt_server() -> None:
    """Take over the server's loggers: under `streamlit run` they have got handlers before this app was loaded."""
    for name in _SERVERS:
        adopt(logging.getLogger(name))
        # Below that it tells of every page that opens.
        logging.getLogger(name).setLevel(logging.WARNING)


def adopt(logger: logging.Logger) -> None:
    """Let a logger leave its lines to the one handler."""
    logger.handlers = []
    logger.propagate = True
