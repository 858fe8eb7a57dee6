"""The path prefix of the dashboard: `/trazo` if its pages are at https://example.org/trazo/.

A proxy that strips the prefix does not tell us about it, so no response may contain an absolute path: redirects are
relative, cookies have no path, and pages use their own URL. If Streamlit's setting `server.baseUrlPath` is set, we
strip the prefix ourselves and restore it for Streamlit's own routes, which expect it. Requests without the prefix work
too, so it does not matter whether a proxy strips the prefix.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class StripPrefix:
    """ASGI middleware that removes the prefix from each request's path and makes redirects relative."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._prefix = configured_prefix()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        if self._prefix and scope["path"] == self._prefix and scope["type"] == "http":
            await add_slash(Request(scope))(scope, receive, send)
            return
        scope = {**scope, "path": _strip(self._prefix, scope["path"])}

        async def send_relative(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if location := headers.get("location"):
                    headers["location"] = self._relative(location, scope)
            await send(message)

        await self.app(scope, receive, send_relative)

    def _relative(self, location: str, scope: Scope) -> str:
        """Return a redirect's target relative to the request's path, unless it is on another site."""
        target = urlsplit(location)
        if target.netloc and _only_adds_or_drops_slash(location, scope):
            location = target._replace(scheme="", netloc="").geturl()
        if not location.startswith("/") or location.startswith("//"):
            return location
        steps_up = scope["path"].count("/") - 1
        return ("../" * steps_up or "./") + _strip(self._prefix, location).lstrip("/")


class RestorePrefix:
    """ASGI middleware that restores the prefix, except for the routes in `unprefixed`."""

    def __init__(self, app: ASGIApp, unprefixed: Sequence[BaseRoute]) -> None:
        self.app = app
        self._prefix = configured_prefix()
        self._unprefixed = unprefixed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._prefix and scope["type"] in ("http", "websocket") and not self._is_unprefixed(scope):
            scope = {**scope, "path": self._prefix + scope["path"]}
        await self.app(scope, receive, send)

    def _is_unprefixed(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is not Match.NONE for route in self._unprefixed)


def add_slash(request: Request) -> RedirectResponse:
    """Redirect /gradio to /gradio/, relative to the prefix that the browser uses."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{request.url.path.rpartition('/')[2]}/{query}")


def prefix_from_url(page: str) -> str:
    """Return the prefix in the URL of a page, as the browser shows it: `/trazo`, or an empty string."""
    return urlsplit(page).path.rpartition("/")[0]


def configured_prefix() -> str:
    """Return `server.baseUrlPath` as `/trazo`, or an empty string; final only after the server has started."""
    path = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{path}" if path else ""


def _strip(prefix: str, path: str) -> str:
    return path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path


def _only_adds_or_drops_slash(location: str, scope: Scope) -> bool:
    """Return True for Starlette's redirect to the same path with or without a trailing slash.

    Other absolute URLs must not change: a sign-in provider may be on the same host.
    """
    target = urlsplit(location)
    return target.netloc == Headers(scope=scope).get("host") and target.path.rstrip("/") == scope["path"].rstrip("/")
