"""What a request has to pass before it reaches pages, Gradio, Netron or the API.

| refused with | what                                                                              |
|--------------|-----------------------------------------------------------------------------------|
| 403          | whatever is not GET, HEAD or OPTIONS, from a page of another site                  |
| 408          | a body that does not come in, or not in time                                       |
| 429          | more predictions a minute than a client may ask for (TRAZO_PREDICTIONS_PER_MINUTE) |
| 503          | an upload to the pages while those before it fill the memory set aside             |

A page's own messages, over its WebSocket, are not refused but slowed down; beyond MAX_SESSIONS no more pages open.
"""

from __future__ import annotations

import logging
import time
from urllib.parse import urlsplit

import anyio
import streamlit as st
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose
from streamlit import runtime

from core.workspace import predictions_per_minute
from dashboard import metrics
from dashboard.rate import Rate, client_of

_logger = logging.getLogger(__name__)

MAX_SESSIONS = 500
"""Pages that may be open at a time, all visitors together; each takes a megabyte or two."""

MAX_UPLOADED_BYTES = 256 * 2**20
"""The most memory that pictures uploaded to the pages may take, all visitors together."""

SILENCE_SECONDS = 20.0
"""How long a client may send nothing in the middle of a body."""

BODY_SECONDS = 120.0
"""How long a body may take in all: 10 MB over a slow phone."""

_SAFE = ("GET", "HEAD", "OPTIONS")
_COUNTED = ("/api/predict", "/gradio/")
_UPLOADS = "/_stcore/upload_file/"
_TRY_LATER = 1013  # the WebSocket protocol's code


class Gate:
    """ASGI middleware that lets through what may pass."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._predictions = Rate(predictions_per_minute())
        self._messages = Rate(predictions_per_minute())
        self._sessions = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] not in _SAFE:
            await self._changing(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _changing(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope)
        if refusal is None:
            await _in_time(self.app, scope, receive, send)
        else:
            await refusal(scope, receive, send)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        path, headers = scope["path"], Headers(scope=scope)
        if _from_another_site(headers):
            return _refuse("origin", scope, 403, "Only pages of this dashboard may send this; open it there.")
        if path.startswith(_UPLOADS) and scope["method"] == "PUT" and _uploaded_bytes() > MAX_UPLOADED_BYTES:
            return _refuse("uploads", scope, 503, "Too many pictures are being looked at; try again in some minutes.")
        if path.startswith((*_COUNTED, _UPLOADS)):
            wait = self._predictions.seconds_to_wait(client_of(scope))
            if wait:
                sentence = f"That was too often; try again in {wait:.0f} seconds."
                return _refuse("rate", scope, 429, sentence, {"Retry-After": f"{wait:.0f}"})
        return None

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._sessions >= MAX_SESSIONS:
            metrics.REFUSED.labels("sessions").inc()
            await WebSocketClose(_TRY_LATER, "Too many pages are open; try again later.")(scope, receive, send)
            return
        name = str(id(scope))

        async def slowly() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and (wait := self._messages.seconds_to_wait(name)):
                await anyio.sleep(min(wait, 1.0))
            return message

        self._sessions += 1
        metrics.SESSIONS.inc()
        try:
            await self.app(scope, slowly, send)
        finally:
            self._sessions -= 1
            metrics.SESSIONS.dec()


def _from_another_site(headers: Headers) -> bool:
    """Whether a page of another site sent this; programs say nothing of where they come from."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") == "cross-site"
    if urlsplit(origin).netloc == headers.get("host") and origin != "null":
        return False
    return bool(st.get_option("server.enableCORS")) and origin not in st.get_option("server.corsAllowedOrigins")


def _uploaded_bytes() -> int:
    if not runtime.exists():
        return 0
    stored = getattr(runtime.get_instance().uploaded_file_mgr, "file_storage", {})
    return sum(len(file.data) for files in list(stored.values()) for file in list(files.values()))


def _refuse(
    reason: str, scope: Scope, status: int, sentence: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    metrics.REFUSED.labels(reason).inc()
    _logger.info("refused", extra={"reason": reason, "path": scope["path"], "status": status})
    return JSONResponse({"error": sentence}, status, headers)


class _TooSlow(Exception):
    """The rest of a body did not come in time."""


async def _in_time(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Call `app`; answer 408 in its place when the body comes too slowly."""
    deadline = time.monotonic() + BODY_SECONDS
    whole = answered = slow = False

    async def receive_in_time() -> Message:
        nonlocal whole, slow
        if whole:
            return await receive()
        with anyio.move_on_after(min(SILENCE_SECONDS, deadline - time.monotonic())):
            message = await receive()
            whole = not message.get("more_body", False)
            return message
        slow = True
        # To the app it looks as if the client had gone.
        return {"type": "http.disconnect"}

    async def send_once(message: Message) -> None:
        nonlocal answered
        if slow and not answered:
            return
        answered = True
        await send(message)

    try:
        await app(scope, receive_in_time, send_once)
    except ClientDisconnect:
        if not slow:
            raise
    if slow and not answered:
        sentence = "The body came too slowly; try again on a faster connection, or with a smaller picture."
        await _refuse("slow", scope, 408, sentence, {"Connection": "close"})(scope, receive, send)
