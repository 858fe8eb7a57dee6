"""Connections that say nothing end; those that have something to say, or to hear, do not."""

from __future__ import annotations

import asyncio
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.sync.client import connect

from dashboard import connections
from dashboard.connections import guard_server
from tests.waiting import wait_until

HEAD_SECONDS = 0.3
REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"


async def answer_late(request: Request) -> PlainTextResponse:
    body = await request.body()
    await asyncio.sleep(3 * HEAD_SECONDS)
    return PlainTextResponse(body)


async def answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse(await request.body())


async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.send_text(await websocket.receive_text())


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where a server listens that waits for heads as the dashboard's does, but not so long."""
    patch = pytest.MonkeyPatch()
    patch.setattr(connections, "HEAD_SECONDS", HEAD_SECONDS)
    patch.setattr(uvicorn.Server, "startup", uvicorn.Server.startup)
    guard_server()
    routes = [Route("/", answer, methods=["GET", "POST"]), Route("/late", answer_late, methods=["POST"])]
    app = Starlette(routes=[*routes, WebSocketRoute("/talk", talk)])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", timeout_keep_alive=60))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, what="the start of the server")
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)
    patch.undo()


def opened(port: int, beginning: bytes = b"") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=10)
    client.sendall(beginning)
    return client


def ended(client: socket.socket) -> bool:
    """Whether the server ends this connection; reads what it says before."""
    with suppress(ConnectionResetError):
        while client.recv(65536):
            pass
    client.close()
    return True


def drip(client: socket.socket) -> None:
    with suppress(OSError):
        while True:
            client.sendall(b"a")
            time.sleep(0.02)


@pytest.mark.parametrize("beginning", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", REQUEST, REQUEST + b"GET / HT"])
def test_connection_ends_that_sends_no_whole_head_in_time(port: int, beginning: bytes) -> None:
    assert ended(opened(port, beginning))


@pytest.mark.parametrize(
    "beginning", [b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", REQUEST + b"GET / HTTP/1.1\r\nX-Slow: "]
)
def test_dripping_does_not_keep_a_connection(port: int, beginning: bytes) -> None:
    client = opened(port, beginning)
    threading.Thread(target=drip, args=(client,), daemon=True).start()

    assert ended(client)


def test_who_waits_for_an_answer_gets_it(port: int) -> None:
    assert httpx.post(f"http://127.0.0.1:{port}/late", content=b"ab", timeout=10).text == "ab"


def test_websocket_may_be_silent(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/talk") as websocket:
        assert ended(opened(port))
        assert ended(opened(port))
        websocket.send("still here")
        assert websocket.recv(timeout=10) == "still here"


def test_connection_is_kept_for_the_next_request(port: int) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        answers = [client.post("/", content=b"ab") for _ in range(3)]

    assert len({answer.extensions["network_stream"] for answer in answers}) == 1


def test_silent_connections_give_way_to_others(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 600.0)
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 10)
    with ExitStack() as open_ones, connect(f"ws://127.0.0.1:{port}/talk") as websocket:
        silent = [open_ones.enter_context(opened(port)) for _ in range(30)]

        assert httpx.get(f"http://127.0.0.1:{port}/", timeout=10).status_code == 200
        assert all(ended(client) for client in silent[:20])
        websocket.send("still here")
        assert websocket.recv(timeout=10) == "still here"


def test_process_asks_for_more_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    monkeypatch.setattr(uvicorn.Server, "startup", uvicorn.Server.startup)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        guard_server()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 256
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
