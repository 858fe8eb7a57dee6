"""What a request has to pass before it reaches pages, Gradio, Netron or the API.

| refused with | what                                                                                |
|--------------|-------------------------------------------------------------------------------------|
| 403          | what asks for a stranger's host; all but GET, HEAD and OPTIONS of another site's page |
| 408          | a body that does not come in, or not in time                                        |
| 429          | more predictions or uploads a minute, or requests at a time, than a client may send |
| 503          | a body, or an upload to the pages, while others fill the memory set aside           |

A page's own messages, over its WebSocket, are not refused but slowed down; beyond MAX_PAGES, or a client's share of
them, no more pages open.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import anyio
import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose
from streamlit import runtime

from core.environment import pages_per_client, predictions_per_minute
from dashboard.server import metrics
from dashboard.server.bodies import Bodies
from dashboard.server.hosts import called_by_a_strangers_name
from dashboard.server.rate_limits import Rate, Shares, client_of
from dashboard.server.refusal import refuse

MAX_PAGES = 500
"""Pages that may be open at a time, all visitors together; each takes a megabyte or two."""

MAX_REQUESTS = 400
"""Requests of one client that may be under way at a time; a school class behind one address is one client."""

MAX_UPLOADED_BYTES = 256 * 2**20
"""The most memory that pictures uploaded to the pages may take, all visitors together."""

_SAFE = ("GET", "HEAD", "OPTIONS")
_UPLOADS = "/_stcore/upload_file/"
_PREDICTIONS = ("/api/predict", "/gradio/gradio_api/queue/join", "/gradio/gradio_api/call/")
_PARTS = ("/gradio/", _UPLOADS)
"""What is sent before a prediction, as Gradio sends a sketch: what lies behind it, each layer, and all together."""
_STRANGERS_NAME = (
    "This dashboard goes by another name; open it at the address that it printed when it started, or let whoever runs "
    "it put this name into TRAZO_ALLOWED_HOSTS."
)
_POLICY_VIOLATION, _TRY_LATER = 1008, 1013  # the WebSocket protocol's codes
_PARTS_EACH = 4
"""Parts, pictures and whatever else goes before it, that a client may send for each of his predictions."""
_LIVELY_PAGES, _PAGES_A_LIVELY_ONE = 5, 20
"""Pages that never pause: all of one client may say as much as five of these, or a twentieth of what he may open."""
_LONGEST_WAIT = 3.0
"""Seconds; who draws would take more for a fault."""


class Gate:
    """ASGI middleware that lets through what may pass."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._predictions = Rate(predictions_per_minute())
        self._parts = Rate(predictions_per_minute() * _PARTS_EACH)
        self._messages = Rate(predictions_per_minute())
        self._lively = max(_LIVELY_PAGES, (pages_per_client() or MAX_PAGES) // _PAGES_A_LIVELY_ONE)
        self._messages_of_client = Rate(predictions_per_minute() * self._lively)
        self._pages = Shares(MAX_PAGES, pages_per_client())
        self._requests = Shares(0, MAX_REQUESTS)
        self._bodies = Bodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = client_of(scope)
        if not self._requests.take(client):
            sentence = "Too many requests of yours are under way; try again when they are done."
            await refuse("requests", scope, 429, sentence, {"Retry-After": "1"})(scope, receive, send)
            return
        try:
            refusal = self._refusal(scope)
            if refusal is not None:
                await refusal(scope, receive, send)
            elif scope["method"] in _SAFE:
                await self.app(scope, receive, send)
            else:
                await self._bodies.pass_on(self.app, scope, receive, send)
        finally:
            self._requests.give_back(client)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        if called_by_a_strangers_name(scope):
            return refuse("host", scope, 403, _STRANGERS_NAME)
        if scope["method"] in _SAFE:
            return None
        path = scope["path"]
        if _from_another_site(Headers(scope=scope)):
            return refuse("origin", scope, 403, "Only pages of this dashboard may send this; open it there.")
        if path.startswith(_UPLOADS) and scope["method"] == "PUT" and _uploaded_bytes() > MAX_UPLOADED_BYTES:
            return refuse("uploads", scope, 503, "Too many pictures are being looked at; try again in some minutes.")
        rate = self._predictions if path.startswith(_PREDICTIONS) else self._parts if path.startswith(_PARTS) else None
        if rate is not None and (wait := rate.seconds_to_wait(client_of(scope))):
            sentence = f"That was too often; try again in {wait:.0f} seconds."
            return refuse("rate", scope, 429, sentence, {"Retry-After": f"{wait:.0f}"})
        return None

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        client, page = client_of(scope), str(id(scope))
        if called_by_a_strangers_name(scope):
            metrics.REFUSED.labels("host").inc()
            await WebSocketClose(_POLICY_VIOLATION, "Another name.")(scope, receive, send)
            return
        if _host_of(Headers(scope=scope).get("origin", "")) is None:  # on which Streamlit would stumble
            metrics.REFUSED.labels("origin").inc()
            await WebSocketClose(_POLICY_VIOLATION, "No address.")(scope, receive, send)
            return
        if not self._pages.take(client):
            metrics.REFUSED.labels("sessions").inc()
            await WebSocketClose(_TRY_LATER, "Too many pages are open; try again later.")(scope, receive, send)
            return

        async def slowly() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and (wait := self._seconds_to_wait(page, client)):
                await anyio.sleep(wait)
            return message

        metrics.SESSIONS.inc()
        try:
            await self.app(scope, slowly, send)
        finally:
            self._pages.give_back(client)
            metrics.SESSIONS.dec()

    def _seconds_to_wait(self, page: str, client: str) -> float:
        """How long a page's message has to wait where the page, or all pages of its client together, said too much."""
        of_page = min(self._messages.seconds_to_wait(page), 1.0)
        # The more pages, the longer each waits, as long as people bear it: together they get no more said.
        longest = min(max(1.0, self._pages.of(client) / self._lively), _LONGEST_WAIT)
        return max(of_page, min(self._messages_of_client.seconds_to_wait(client), longest))


def _from_another_site(headers: Headers) -> bool:
    """Whether a page of another site sent this; programs say nothing of where they come from."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") == "cross-site"
    if origin != "null" and _host_of(origin) == headers.get("host", ""):
        return False
    return bool(st.get_option("server.enableCORS")) and origin not in st.get_option("server.corsAllowedOrigins")


def _host_of(origin: str) -> str | None:
    """The host and port that an Origin header names; None where it is no address, however it is read."""
    try:
        urlsplit(origin if "://" in origin else f"http://{origin}")
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _uploaded_bytes() -> int:
    if not runtime.exists():
        return 0
    stored = getattr(runtime.get_instance().uploaded_file_mgr, "file_storage", {})
    return sum(len(file.data) for files in list(stored.values()) for file in list(files.values()))
