"""ASGI middleware that checks every request before it reaches pages, Gradio, Netron or the API.

| status | refused requests                                                            |
|--------|-----------------------------------------------------------------------------|
| 403    | unknown host name; cross-site requests other than GET, HEAD and OPTIONS     |
| 404    | path longer than any that exists                                            |
| 408    | body that arrives too slowly                                                |
| 429    | too many predictions or uploads in a minute, or too many requests at a time |
| 503    | body or upload that exceeds the memory quota                                |

Cross-site WebSockets are refused, and so are WebSockets over the quota of open pages. Messages over the rate limit of
an open page are delayed, not refused.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import anyio
import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as AsgiMessage
from starlette.websockets import WebSocketClose

from core.environment import pages_per_client, predictions_per_minute
from core.language import Message
from dashboard.server import metrics
from dashboard.server.bodies import BodyLimiter
from dashboard.server.hosts import is_unknown_host
from dashboard.server.library_internals import uploaded_bytes
from dashboard.server.rate_limits import Quota, RateLimit, client_of
from dashboard.server.refusal import refuse, refuse_websocket

MAX_PAGES = 500
"""Maximum number of open pages across all clients; each takes one or two megabytes."""

MAX_REQUESTS = 400
"""Maximum number of one client's requests in progress; a school class behind one IP address is one client."""

MAX_UPLOADED_BYTES = 256 * 2**20
"""Memory for files uploaded to the pages by all clients: pictures, and the files of a dataset until it is stored."""

MAX_UPLOADED_BYTES_PER_CLIENT = 128 * 2**20
"""Memory for one client's files; together with `bodies.MAX_BYTES_PER_CLIENT`, it does not exceed the limit for all."""

MAX_PATH_BYTES = 1024
"""Maximum length of a path; file systems allow 4096 bytes, including the folder that is served."""

MAX_NAME_BYTES = 200
"""Maximum length of one name in a path; file systems allow 255 bytes, and a server may add an extension."""

_UPLOADS_PER_PREDICTION = 4
"""Uploads for each prediction: Gradio sends the background, each layer and the complete sketch separately."""

_MIN_BUSY_PAGES = 5
"""Minimum number of busy pages that a client's shared rate limit allows for; a person uses few tabs at once."""

_PAGES_PER_BUSY_PAGE = 20
"""One in this many open pages is assumed to be busy; a school class behind one IP address takes turns to draw."""

_MAX_PAGE_DELAY = 1.0
"""Maximum delay in seconds for a message whose page exceeds the rate limit; the page slows down but loses nothing."""

_MAX_CLIENT_DELAY = 3.0
"""Maximum delay in seconds for a message whose client exceeds the rate limit; a longer one looks like a crash."""

_POLICY_VIOLATION = 1008
"""WebSocket close code from RFC 6455."""

_TRY_AGAIN_LATER = 1013
"""WebSocket close code from IANA's registry."""

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_WEBSOCKET_PATH = "/_stcore/stream"
_PAGE_UPLOAD_PATH = "/_stcore/upload_file/"
_PREDICTION_PATHS = ("/api/predict", "/gradio/gradio_api/queue/join", "/gradio/gradio_api/call/")
_UPLOAD_PATHS = ("/gradio/", _PAGE_UPLOAD_PATH)

_UNKNOWN_HOST = Message(
    "Unknown host name. Open the dashboard at the URL it printed, or add this name to TRAZO_ALLOWED_HOSTS."
)
_CROSS_SITE = Message("This request came from another site. Open the dashboard and try again there.")
_NO_SUCH_PATH = Message("There is nothing at this URL.")
_TOO_MANY_REQUESTS = Message("Too many of your requests are in progress. Try again when some have finished.")
_TOO_MANY_UPLOADS = Message("Too many uploaded files are in use. Try again in a few minutes.")
_TOO_MANY_PAGES = Message("Too many pages are open. Try again later.")


class Gate:
    """ASGI middleware that forwards only what the limits allow."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._predictions = RateLimit(predictions_per_minute())
        self._uploads = RateLimit(predictions_per_minute() * _UPLOADS_PER_PREDICTION)
        self._page_messages = RateLimit(predictions_per_minute())
        self._busy_pages = max(_MIN_BUSY_PAGES, (pages_per_client() or MAX_PAGES) // _PAGES_PER_BUSY_PAGE)
        self._client_messages = RateLimit(predictions_per_minute() * self._busy_pages)
        self._pages = Quota(MAX_PAGES, pages_per_client())
        self._requests = Quota(0, MAX_REQUESTS)
        self._bodies = BodyLimiter()
        self._uploaders: dict[str, str] = {}  # the client of each session with uploaded files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = client_of(scope)
        if not self._requests.acquire(client):
            response = refuse("requests", scope, 429, _TOO_MANY_REQUESTS, {"Retry-After": "1"})
            await response(scope, receive, send)
            return
        try:
            refusal = self._refusal(scope)
            if refusal is not None:
                await refusal(scope, receive, send)
            elif scope["method"] in _SAFE_METHODS:
                await self.app(scope, receive, send)
            else:
                await self._bodies.forward(self.app, scope, receive, send)
                if _is_page_upload(scope):
                    self._uploaders[scope["path"].removeprefix(_PAGE_UPLOAD_PATH).partition("/")[0]] = client
        finally:
            self._requests.release(client)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        path = scope["path"]
        if is_unknown_host(scope):
            return refuse("host", scope, 403, _UNKNOWN_HOST)
        if _is_too_long(path):
            return refuse("path", scope, 404, _NO_SUCH_PATH)
        if scope["method"] in _SAFE_METHODS:
            return None
        if _is_cross_site(Headers(scope=scope)):
            return refuse("origin", scope, 403, _CROSS_SITE)
        if _is_page_upload(scope) and self._uploads_full(client_of(scope)):
            return refuse("uploads", scope, 503, _TOO_MANY_UPLOADS)
        limit = self._rate_limit_of(path)
        if limit is not None and (wait := limit.seconds_to_wait(client_of(scope))):
            message = Message("Too many requests; try again in {wait:.0f} s.", wait=wait)
            return refuse("rate", scope, 429, message, {"Retry-After": f"{wait:.0f}"})
        return None

    def _uploads_full(self, client: str) -> bool:
        sizes = uploaded_bytes()
        self._uploaders = {session: each for session, each in self._uploaders.items() if session in sizes}
        held = sum(sizes[session] for session, each in self._uploaders.items() if each == client)
        return held > MAX_UPLOADED_BYTES_PER_CLIENT or sum(sizes.values()) > MAX_UPLOADED_BYTES

    def _rate_limit_of(self, path: str) -> RateLimit | None:
        if path.startswith(_PREDICTION_PATHS):
            return self._predictions
        return self._uploads if path.startswith(_UPLOAD_PATHS) else None

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = client_of(scope)
        refusal = _websocket_refusal(scope)
        if refusal is None and not self._pages.acquire(client):
            refusal = refuse_websocket("sessions", scope, _TRY_AGAIN_LATER, _TOO_MANY_PAGES)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        metrics.SESSIONS.inc()
        try:
            await self.app(scope, self._delay(receive, str(id(scope)), client), send)
        finally:
            self._pages.release(client)
            metrics.SESSIONS.dec()

    def _delay(self, receive: Receive, page: str, client: str) -> Receive:
        """Return `receive` with a delay after each message over the rate limit, during which uvicorn does not read."""

        async def receive_with_delay() -> AsgiMessage:
            message = await receive()
            if message["type"] == "websocket.receive" and (wait := self._seconds_to_wait(page, client)):
                await anyio.sleep(wait)
            return message

        return receive_with_delay

    def _seconds_to_wait(self, page: str, client: str) -> float:
        """Count a message and return its delay, which is 0 unless its page or its client has sent too many."""
        page_delay = min(self._page_messages.seconds_to_wait(page), _MAX_PAGE_DELAY)
        # The delay grows with the number of pages, so opening more pages does not raise the message rate.
        max_client_delay = max(_MAX_PAGE_DELAY, self._pages.held_by(client) / self._busy_pages)
        client_delay = min(self._client_messages.seconds_to_wait(client), max_client_delay, _MAX_CLIENT_DELAY)
        return max(page_delay, client_delay)


def _is_page_upload(scope: Scope) -> bool:
    return scope["method"] == "PUT" and scope["path"].startswith(_PAGE_UPLOAD_PATH)


def _websocket_refusal(scope: Scope) -> WebSocketClose | None:
    if not scope["path"].endswith(_WEBSOCKET_PATH):  # the file routes crash on a WebSocket
        return refuse_websocket("path", scope, _POLICY_VIOLATION, _NO_SUCH_PATH)
    if is_unknown_host(scope):
        return refuse_websocket("host", scope, _POLICY_VIOLATION, "Unknown host name.")
    # Streamlit's own check accepts every page from localhost.
    if _is_cross_site(Headers(scope=scope)):
        return refuse_websocket("origin", scope, _POLICY_VIOLATION, "Open the dashboard's own page.")
    return None


def _is_cross_site(headers: Headers) -> bool:
    """Return True if a page from another origin sent this request. Programs other than browsers send no Origin."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") == "cross-site"
    host = _host_of(origin)
    if host is None:  # Streamlit would raise an exception for it
        return True
    if origin != "null" and host == headers.get("host", ""):
        return False
    return bool(st.get_option("server.enableCORS")) and origin not in st.get_option("server.corsAllowedOrigins")


def _host_of(origin: str) -> str | None:
    """Return the host and port in an Origin header; None if the header is malformed."""
    try:
        urlsplit(origin if "://" in origin else f"http://{origin}")
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _is_too_long(path: str) -> bool:
    """Return True if the path or a name in it is too long; some servers crash on it instead of returning 404."""
    name_sizes = (len(name.encode()) for name in path.split("/"))
    return len(path.encode()) > MAX_PATH_BYTES or max(name_sizes) > MAX_NAME_BYTES
