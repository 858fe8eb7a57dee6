"""The log: one line of JSON per event on stderr, at level TRAZO_LOG_LEVEL or above.

{"time": "2026-11-22T19:42:24.123+00:00", "level": "INFO", "logger": "dashboard.server.gate", "event": "refused", ...}

Python's logging, warnings, uncaught exceptions and printed tracebacks become events with their own fields. Everything
else that this process or one of its children writes to stderr, such as LiteRT's C++ messages, becomes events of the
logger `stderr`: one per line, with any indented lines that follow it. Two kinds of output are not JSON: the output of
`streamlit run` before it loads the app, and the last output of a process that crashes in C code.
"""

from __future__ import annotations

import atexit
import logging
import os
import re
import sys
import threading
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from core.environment import log_level
from dashboard.server.library_internals import replace_log_handlers

# uvicorn.access is left out, because a proxy can log every request.
_SERVER_LOGGERS = ("uvicorn", "uvicorn.error", "uvicorn.asgi", "websockets")
_STDERR = 2
_LEVEL_PREFIX = re.compile(r"(DEBUG|INFO|WARNING|ERROR)\b")
_NEXT_EVENT = re.compile(rb"\n(?![ \t])")

_READ_BYTES = 2**16
"""Capacity of a pipe on Linux."""

_FLUSH_SECONDS = 2.0
"""Time to wait at exit for the last lines; a child process may keep the pipe open for longer."""

_print_exc = traceback.print_exc
_uncaught = logging.getLogger("uncaught")
_stderr = logging.getLogger("stderr")


class _Formatter(JsonFormatter):
    def __init__(self) -> None:
        super().__init__(
            ["asctime", "levelname", "name", "message"],
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger", "message": "event"},
            # uvicorn adds a copy of the message with colours for terminals.
            reserved_attrs=[*RESERVED_ATTRS, "color_message"],
        )

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - logging's
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


_handler = logging.StreamHandler()


def start() -> None:
    """Route all logging, warnings and uncaught exceptions of this process to one handler."""
    _handler.setFormatter(_Formatter())
    _handler.setLevel(log_level())
    root = logging.getLogger()
    root.handlers = [_handler]
    root.setLevel(logging.WARNING)
    for name in ("core", "dashboard", _stderr.name):
        logging.getLogger(name).setLevel(log_level())
    replace_log_handlers(_use_root_handler)
    logging.captureWarnings(True)
    # If nothing reads stderr any more, the handler fails; reporting that on stderr would fail again, and so on forever.
    logging.raiseExceptions = False
    sys.excepthook = _log_exception
    threading.excepthook = _log_thread_exception
    sys.unraisablehook = _log_unraisable
    # Gradio prints the traceback of every failed event.
    traceback.print_exc = _log_current_exception


def capture_server_output() -> None:
    """Route the server's loggers, and everything written to stderr from now on, to the same handler.

    This must run after the server has started: `streamlit run` adds handlers to these loggers before it loads the app.
    """
    for name in _SERVER_LOGGERS:
        _use_root_handler(logging.getLogger(name))
        # Below this level, uvicorn logs every page that opens.
        logging.getLogger(name).setLevel(logging.WARNING)
    _capture_stderr()


def _use_root_handler(logger: logging.Logger) -> None:
    """Remove a logger's own handlers so that its events reach the root handler."""
    logger.handlers = []
    logger.propagate = True


def _log_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        _uncaught.critical("Uncaught exception", exc_info=(kind, error, trace))


def _log_thread_exception(arguments: threading.ExceptHookArgs) -> None:
    name = arguments.thread.name if arguments.thread else None
    error = arguments.exc_value or arguments.exc_type()
    _uncaught.error("Uncaught exception in a thread", exc_info=error, extra={"thread_name": name})


def _log_unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    error = unraisable.exc_value or unraisable.exc_type()
    event = unraisable.err_msg or "Exception ignored"
    _uncaught.error(event, exc_info=error, extra={"object": repr(unraisable.object)})


def _log_current_exception(limit: int | None = None, file: Any = None, chain: bool = True) -> None:
    """Log the current exception; replaces `traceback.print_exc`."""
    if file is None:
        _uncaught.error("Printed exception", exc_info=True)
    else:
        _print_exc(limit, file, chain)


def _capture_stderr() -> None:
    """Replace stderr with a pipe whose lines a thread logs; the handler keeps writing to the original stderr."""
    sys.stderr.flush()
    original = os.dup(_STDERR)
    _handler.setStream(os.fdopen(original, "w", buffering=1, encoding="utf-8"))
    read_end, write_end = os.pipe()
    os.dup2(write_end, _STDERR)
    os.close(write_end)
    reader = threading.Thread(target=_log_lines, args=(read_end,), name="stderr", daemon=True)
    reader.start()

    def restore() -> None:
        sys.stderr.flush()
        os.dup2(original, _STDERR)
        reader.join(_FLUSH_SECONDS)

    atexit.register(restore)


def _log_lines(read_end: int) -> None:
    """Log each line until the last writer closes the pipe; indented lines belong to the line before them."""
    incomplete = b""
    while chunk := os.read(read_end, _READ_BYTES):
        *events, incomplete = _NEXT_EVENT.split(incomplete + chunk)
        for event in events:
            _log_text(event.decode(errors="replace").strip())
    _log_text(incomplete.decode(errors="replace").strip())


def _log_text(text: str) -> None:
    if text:
        prefix = _LEVEL_PREFIX.match(text)
        _stderr.log(logging.getLevelNamesMapping()[prefix[1] if prefix else "WARNING"], "%s", text)
