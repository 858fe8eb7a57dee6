"""Connections that say nothing, or no end of it, end; those that have something to say, or to hear, do not."""

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
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.sync.client import ClientConnection, connect

from dashboard.server import connections
from dashboard.server.connections import MAX_HEAD_BYTES, PageConnection, guard_server
from dashboard.server.rate_limits import Shares
from tests.support.waiting import wait_until

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


async def listen_late(websocket: WebSocket) -> None:
    await websocket.accept()
    await asyncio.sleep(2 * HEAD_SECONDS)
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.receive_text()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where a server listens that waits for heads as the dashboard's does, but not so long."""
    patch = pytest.MonkeyPatch()
    patch.setattr(connections, "HEAD_SECONDS", HEAD_SECONDS)
    patch.setattr(uvicorn.Server, "startup", uvicorn.Server.startup)
    guard_server()
    routes = [Route("/", answer, methods=["GET", "POST"]), Route("/late", answer_late, methods=["POST"])]
    app = Starlette(routes=[*routes, WebSocketRoute("/talk", talk), WebSocketRoute("/talk/late", listen_late)])
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


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
LATE = b"POST /late HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"


@pytest.mark.parametrize(
    ("beginning", "more"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ", b"a" * 2**16),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-Many: a\r\n" * 2**12),
        (b"GET /", b"a" * 2**16),
        (REQUEST + b"GET / HTTP/1.1\r\nX-Long: ", b"a" * 2**16),
        (LATE + b"GET / HTTP/1.1\r\nX-Long: ", b"a" * 2**16),
        (CHUNKED + b"1;long=", b"a" * 2**16),
        (CHUNKED + b"1\r\na\r\n0\r\n", b"X-Many: a\r\n" * 2**12),
    ],
    ids=["header", "headers", "address", "behind an answer", "before an answer", "chunk", "trailers"],
)
def test_head_without_an_end_ends_its_connection(
    port: int, monkeypatch: pytest.MonkeyPatch, beginning: bytes, more: bytes
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 600.0)
    most = 16 * 2**20
    client = opened(port, beginning)
    sent = 0

    with suppress(ConnectionError):
        while sent < most:
            client.sendall(more)
            sent += len(more)

    # What the sockets' own buffers hold is sent before the end is heard of.
    assert sent < most
    assert ended(client)


def test_who_ends_in_time_is_told_that_the_head_is_too_long(port: int) -> None:
    # Not a byte more than it takes: with unread bytes, the end of the connection would overtake the answer.
    with opened(port, b"GET / HTTP/1.1\r\nX-Long: ".ljust(MAX_HEAD_BYTES + 1, b"a")) as client:
        assert client.recv(65536).startswith(b"HTTP/1.1 431 ")


def test_long_bodies_and_many_requests_count_towards_no_head(port: int) -> None:
    body = b"a" * 3 * MAX_HEAD_BYTES
    head = b"POST / HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\nContent-Length: %d\r\n\r\n" % (b"a" * 1000, len(body))
    with opened(port) as client:
        sender = threading.Thread(target=client.sendall, args=((head + body) * 5 + CHUNKED + b"1\r\na\r\n" * 2**15,))
        sender.start()
        sender.join(10)
        client.sendall(b"0\r\n\r\n")
        answers = b""
        while answers.count(b"HTTP/1.1 ") < 6 or not answers.endswith(b"a"):
            answers += client.recv(2**20)

    assert answers.count(b"HTTP/1.1 200 ") == 6


@pytest.fixture
def shares(monkeypatch: pytest.MonkeyPatch) -> Shares:
    """What all pages may hold: five megabytes, one client four of them, but for what each may hold in any case."""
    shares = Shares(5 * 2**20, 4 * 2**20)
    monkeypatch.setattr(PageConnection, "_shares", shares)
    return shares


def send_all_but_the_end(websocket: ClientConnection, size: int, frames: int = 1) -> None:
    """Begin a message that has so many bytes in so many frames, but keep its last byte."""
    kinds = [Opcode.TEXT] + [Opcode.CONT] * (frames - 1)
    parts = [Frame(kind, bytes(size // frames), fin=False).serialize(mask=True) for kind in kinds]
    with suppress(OSError):
        websocket.socket.sendall(b"".join(parts)[:-1])


def goes_on(websocket: ClientConnection) -> bool:
    try:
        websocket.send("still here")
        return websocket.recv(timeout=10) == "still here"
    except ConnectionClosed:
        return False


@pytest.mark.parametrize(("size", "frames"), [(2**20, 1), (2**20, 100), (2**12, 2**12)])
def test_messages_that_nobody_ends_hold_no_more_than_a_clients_share(
    port: int, shares: Shares, size: int, frames: int
) -> None:
    with ExitStack() as open_ones:
        pages = [open_ones.enter_context(connect(f"ws://127.0.0.1:{port}/talk", close_timeout=0.1)) for _ in range(8)]
        quiet = open_ones.enter_context(connect(f"ws://127.0.0.1:{port}/talk"))
        for page in pages:
            send_all_but_the_end(page, size, frames)

        wait_until(lambda: any(page.state is not State.OPEN for page in pages), what="the end of a page")
        wait_until(lambda: shares.of("127.0.0.1") > 2 * 2**20, what="what the others hold")
        assert shares.of("127.0.0.1") <= 4 * 2**20
        assert goes_on(quiet)
    wait_until(lambda: shares.of("127.0.0.1") == 0, what="what they held")


def test_page_may_say_much_again_and_again(port: int, shares: Shares) -> None:
    with connect(f"ws://127.0.0.1:{port}/talk", max_size=None) as page:
        for _ in range(10):
            page.send("a" * 3 * 2**20)
            assert len(page.recv(timeout=10)) == 3 * 2**20
        assert goes_on(page)
    wait_until(lambda: shares.of("127.0.0.1") == 0, what="what it held")


def test_messages_that_nobody_reads_yet_are_held_too(port: int, shares: Shares) -> None:
    with connect(f"ws://127.0.0.1:{port}/talk/late", max_size=None) as page:
        message = Frame(Opcode.TEXT, b"").serialize(mask=True)
        with suppress(OSError):
            page.socket.sendall(message * 2**15)
        wait_until(lambda: page.state is not State.OPEN or shares.of("127.0.0.1") > 0, what="what it holds")
    wait_until(lambda: shares.of("127.0.0.1") == 0, what="what it held")
