"""The prefix is stripped from each request, restored for Streamlit, and absent from every redirect."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from dashboard.server.prefix import RestorePrefix, StripPrefix, add_slash

HOST = "http://trazo.example"


async def show_path(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.url.path)


async def send_path(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(websocket.url.path)
    await websocket.close()


async def redirect(request: Request) -> RedirectResponse:
    return RedirectResponse(request.query_params["to"])


class RecordPaths:
    """Middleware between StripPrefix and RestorePrefix; records paths, which must have no prefix there."""

    def __init__(self, app: ASGIApp, recorded_paths: list[str]) -> None:
        self.app, self.recorded_paths = app, recorded_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            self.recorded_paths.append(scope["path"])
        await self.app(scope, receive, send)


@pytest.fixture
def recorded_paths() -> list[str]:
    """The paths that rate limits and other rules receive."""
    return []


@pytest.fixture
def serve(recorded_paths: list[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], TestClient]:
    """Serve our /api and /gradio beside Streamlit's routes, which include `server.baseUrlPath`."""

    def start(base: str) -> TestClient:
        monkeypatch.setattr(st, "get_option", {"server.baseUrlPath": base}.__getitem__)
        our_routes: list[BaseRoute] = [
            Route("/gradio", add_slash),
            Mount("/gradio", routes=[Route("/", show_path)]),
            Mount("/api", routes=[Route("/health", show_path), Route("/redirect", redirect)]),
        ]
        pages = Mount(
            "/" + base.strip("/"),
            routes=[
                WebSocketRoute("/_stcore/stream", send_path),
                Route("/oauth2callback", redirect),
                Route("/{page:path}", show_path),
            ],
        )
        stack = [
            Middleware(StripPrefix),
            Middleware(RecordPaths, recorded_paths=recorded_paths),
            Middleware(RestorePrefix, unprefixed=our_routes),
        ]
        return TestClient(
            Starlette(routes=[*our_routes, pages], middleware=stack), base_url=HOST, follow_redirects=False
        )

    return start


@pytest.mark.parametrize("base", ["trazo", "/trazo", "/trazo/", "lab/trazo"])
@pytest.mark.parametrize("prefixed", ["with", "without"])
def test_requests_work_with_and_without_prefix(
    serve: Callable[[str], TestClient], recorded_paths: list[str], base: str, prefixed: str
) -> None:
    client, prefix = serve(base), f"/{base.strip('/')}"
    start = prefix if prefixed == "with" else ""

    responses = [client.get(start + path).text for path in ("/api/health", "/gradio/", "/train", "/")]

    assert responses == ["/api/health", "/gradio/", f"{prefix}/train", f"{prefix}/"]
    assert recorded_paths == ["/api/health", "/gradio/", "/train", "/"]


def test_websocket_reaches_streamlit(serve: Callable[[str], TestClient], recorded_paths: list[str]) -> None:
    with serve("trazo").websocket_connect("/trazo/_stcore/stream") as websocket:
        assert websocket.receive_text() == "/trazo/_stcore/stream"

    assert recorded_paths == ["/_stcore/stream"]


def test_longer_name_is_not_the_prefix(serve: Callable[[str], TestClient]) -> None:
    assert serve("trazo").get("/trazo2/api/health").text == "/trazo/trazo2/api/health"


@pytest.mark.parametrize(("path", "location"), [("/lab/trazo", "trazo/"), ("/lab/trazo?a=1", "trazo/?a=1")])
def test_prefix_without_a_slash_is_redirected(serve: Callable[[str], TestClient], path: str, location: str) -> None:
    assert serve("lab/trazo").get(path).headers["location"] == location


@pytest.mark.parametrize("base", ["", "trazo"])
@pytest.mark.parametrize(
    ("path", "to", "location"),
    [
        ("/oauth2callback", "{base}/", "./"),
        ("/oauth2callback", "{base}/train?a=1", "./train?a=1"),
        ("/api/redirect", "/train", "../train"),
        ("/api/redirect", "../train", "../train"),
        ("/api/redirect", "//elsewhere.example/", "//elsewhere.example/"),
        ("/api/redirect", "https://elsewhere.example/train", "https://elsewhere.example/train"),
        ("/oauth2callback", f"{HOST}/sign-in?a=1", f"{HOST}/sign-in?a=1"),
        ("/api/redirect", f"{HOST}/api/redirect/?a=1", "../api/redirect/?a=1"),
    ],
)
def test_redirect_is_relative_unless_to_another_site(
    serve: Callable[[str], TestClient], base: str, path: str, to: str, location: str
) -> None:
    prefix = f"/{base}" if base else ""

    response = serve(base).get(prefix + path, params={"to": to.format(base=prefix)})

    assert response.headers["location"] == location


def test_redirect_never_leaves_the_host(serve: Callable[[str], TestClient]) -> None:
    response = serve("trazo").get("/trazo/api/redirect", params={"to": "/trazo//elsewhere.example"})

    assert response.headers["location"] == "../elsewhere.example"
