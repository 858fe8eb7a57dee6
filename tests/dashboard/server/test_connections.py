"""Limits on connections, request heads and WebSocket messages."""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.sync.client import ClientConnection, connect

from dashboard.server import connections
from dashboard.server.connections import (
    MAX_HEAD_BYTES,
    MAX_MESSAGE_BYTES,
    MAX_QUEUED_FRAMES,
    Connection,
    limit_connections,
)
from tests.support.waiting import wait_until

HEAD_TIMEOUT_SECONDS = 0.3
REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"


async def respond_late(request: Request) -> PlainTextResponse:
    body = await request.body()
    await asyncio.sleep(3 * HEAD_TIMEOUT_SECONDS)
    return PlainTextResponse(body)


async def respond(request: Request) -> PlainTextResponse:
    return PlainTextResponse(await request.body())


async def echo_websocket(websocket: WebSocket) -> None:
    await websocket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            message = await websocket.receive_text()
            received.append(message)
            await websocket.send_text(message)


received: list[str] = []
"""Messages received by `echo_websocket`."""


async def receive_late(websocket: WebSocket) -> None:
    await websocket.accept()
    await asyncio.sleep(2 * HEAD_TIMEOUT_SECONDS)
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.receive_text()


async def respond_forever(_request: Request) -> StreamingResponse:
    async def content() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.sleep(1e6)

    return StreamingResponse(content())


DOWNLOAD_BYTES = 32 * 2**20
"""Far more than the buffers of both sockets hold."""


async def download(_request: Request) -> Response:
    return Response(bytes(DOWNLOAD_BYTES))


@contextmanager
def running_server() -> Iterator[uvicorn.Server]:
    """Run a server with the dashboard's limits, but a shorter timeout for heads."""
    patch = pytest.MonkeyPatch()
    patch.setattr(connections, "HEAD_TIMEOUT_SECONDS", HEAD_TIMEOUT_SECONDS)
    patch.setattr(uvicorn.Server, "startup", uvicorn.Server.startup)
    limit_connections()
    app = Starlette(
        routes=[
            Route("/", respond, methods=["GET", "POST"]),
            Route("/late", respond_late, methods=["POST"]),
            Route("/forever", respond_forever),
            Route("/download", download),
            WebSocketRoute("/echo", echo_websocket),
            WebSocketRoute("/late-reader", receive_late),
        ]
    )
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, log_level="warning", timeout_keep_alive=60))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started, what="the start of the server")
    try:
        yield server
    finally:
        server.should_exit = True
        thread.join(300)
        patch.undo()
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def server() -> Iterator[uvicorn.Server]:
    with running_server() as server:
        yield server


@pytest.fixture
def port(server: uvicorn.Server) -> int:
    return port_of(server)


def port_of(server: uvicorn.Server) -> int:
    return int(server.servers[0].sockets[0].getsockname()[1])


def connect_raw(port: int, start: bytes = b"") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=300)
    client.sendall(start)
    return client


def connection_of(client: socket.socket, server: uvicorn.Server) -> Any:
    """Return the server's end of this connection."""

    def found() -> list[Any]:
        return [each for each in list(server.server_state.connections) if each.client == client.getsockname()]

    return wait_until(found, what="the connection")[0]


def wait_for_close(client: socket.socket) -> bool:
    """Read until the server closes this connection; return True."""
    with suppress(ConnectionResetError):
        while client.recv(65536):
            pass
    client.close()
    return True


def test_a_server_stops_during_an_endless_response(caplog: pytest.LogCaptureFixture) -> None:
    with running_server() as server:
        client = connect_raw(port_of(server), b"GET /forever HTTP/1.1\r\nHost: x\r\n\r\n")
        response = client.makefile("rb")
        assert any(b"first" in line for line in response)

    assert response.read() == b""
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def drip(client: socket.socket) -> None:
    with suppress(OSError):
        while True:
            client.sendall(b"a")
            time.sleep(0.02)


@pytest.mark.parametrize("start", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", REQUEST, REQUEST + b"GET / HT"])
def test_connection_without_a_complete_head_is_closed(port: int, start: bytes) -> None:
    assert wait_for_close(connect_raw(port, start))


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", REQUEST + b"GET / HTTP/1.1\r\nX-Slow: "])
def test_head_that_arrives_byte_by_byte_is_rejected(port: int, start: bytes) -> None:
    client = connect_raw(port, start)
    threading.Thread(target=drip, args=(client,), daemon=True).start()

    assert wait_for_close(client)


def test_slow_response_is_not_interrupted(port: int) -> None:
    assert httpx.post(f"http://127.0.0.1:{port}/late", content=b"ab", timeout=300).text == "ab"


@pytest.fixture
def pass_timeout(monkeypatch: pytest.MonkeyPatch) -> Callable[[Connection], None]:
    """Return a function that ends a connection's timer for a head; no timer ends by itself."""
    monkeypatch.setattr(connections, "HEAD_TIMEOUT_SECONDS", 600.0)

    def end(connection: Connection) -> None:
        ended = threading.Event()

        def end_timer() -> None:
            connection._head_missing()
            ended.set()

        connection.loop.call_soon_threadsafe(end_timer)
        assert ended.wait(300)

    return end


def test_slow_download_is_not_interrupted(
    server: uvicorn.Server, port: int, pass_timeout: Callable[[Connection], None]
) -> None:
    with connect_raw(port, b"GET /download HTTP/1.1\r\nHost: x\r\n\r\n") as client:
        head, _, body = client.recv(2**16).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        connection = connection_of(client, server)
        wait_until(lambda: connection._unsent_bytes, what="the end of the response")
        for _ in range(3):
            before = connection.unsent_bytes
            while connection.unsent_bytes == before and (more := client.recv(2**16)):
                body += more
            pass_timeout(connection)

        while len(body) < DOWNLOAD_BYTES and (more := client.recv(2**20)):
            body += more

    assert len(body) == DOWNLOAD_BYTES


def test_download_that_makes_no_progress_is_ended(
    server: uvicorn.Server, port: int, pass_timeout: Callable[[Connection], None]
) -> None:
    with connect_raw(port, b"GET /download HTTP/1.1\r\nHost: x\r\n\r\n") as client:
        connection = connection_of(client, server)
        wait_until(lambda: connection._unsent_bytes, what="the end of the response")

        def ended() -> bool:
            pass_timeout(connection)
            return bool(connection.transport.is_closing())

        wait_until(ended, what="the end of the connection")


def test_websocket_may_stay_idle(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/echo") as websocket:
        assert wait_for_close(connect_raw(port))
        assert wait_for_close(connect_raw(port))
        websocket.send("still here")
        assert websocket.recv(timeout=300) == "still here"


def test_connection_is_reused_for_the_next_request(port: int) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300) as client:
        responses = [client.post("/", content=b"ab") for _ in range(3)]

    assert len({response.extensions["network_stream"] for response in responses}) == 1


def test_idle_connections_make_room_for_new_ones(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_TIMEOUT_SECONDS", 600.0)
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 10)
    with ExitStack() as stack, connect(f"ws://127.0.0.1:{port}/echo") as websocket:
        idle = [stack.enter_context(connect_raw(port)) for _ in range(30)]

        assert httpx.get(f"http://127.0.0.1:{port}/", timeout=300).status_code == 200
        assert all(wait_for_close(client) for client in idle[:20])
        websocket.send("still here")
        assert websocket.recv(timeout=300) == "still here"


def test_process_asks_for_more_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    monkeypatch.setattr(uvicorn.Server, "startup", uvicorn.Server.startup)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        limit_connections()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 256
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
LATE_REQUEST = b"POST /late HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ", b"a" * 2**16),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-Many: a\r\n" * 2**12),
        (b"GET /", b"a" * 2**16),
        (REQUEST + b"GET / HTTP/1.1\r\nX-Long: ", b"a" * 2**16),
        (LATE_REQUEST + b"GET / HTTP/1.1\r\nX-Long: ", b"a" * 2**16),
        (CHUNKED + b"1;long=", b"a" * 2**16),
        (CHUNKED + b"1\r\na\r\n0\r\n", b"X-Many: a\r\n" * 2**12),
    ],
    ids=["header", "headers", "request line", "after a response", "before a response", "chunk", "trailers"],
)
def test_connection_with_an_endless_head_is_closed(
    port: int, monkeypatch: pytest.MonkeyPatch, start: bytes, more: bytes
) -> None:
    monkeypatch.setattr(connections, "HEAD_TIMEOUT_SECONDS", 600.0)
    limit = 16 * 2**20
    client = connect_raw(port, start)
    sent = 0

    with suppress(ConnectionError):
        while sent < limit:
            client.sendall(more)
            sent += len(more)

    # The sockets' buffers still accept some bytes after the server has closed the connection.
    assert sent < limit
    assert wait_for_close(client)


def test_head_over_the_limit_gets_431(port: int) -> None:
    # Exactly one byte too many: with more unread bytes, the kernel would drop the response.
    with connect_raw(port, b"GET / HTTP/1.1\r\nX-Long: ".ljust(MAX_HEAD_BYTES + 1, b"a")) as client:
        assert client.recv(65536).startswith(b"HTTP/1.1 431 ")


def test_bodies_and_other_requests_do_not_count_towards_a_head(port: int) -> None:
    body = b"a" * 3 * MAX_HEAD_BYTES
    head = b"POST / HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\nContent-Length: %d\r\n\r\n" % (b"a" * 1000, len(body))
    with connect_raw(port) as client:
        sender = threading.Thread(target=client.sendall, args=((head + body) * 5 + CHUNKED + b"1\r\na\r\n" * 2**15,))
        sender.start()
        sender.join(10)
        client.sendall(b"0\r\n\r\n")
        responses = b""
        while responses.count(b"HTTP/1.1 ") < 6 or not responses.endswith(b"a"):
            responses += client.recv(2**20)

    assert responses.count(b"HTTP/1.1 200 ") == 6


def still_responds(page: ClientConnection) -> bool:
    page.send("still here")
    return page.recv(timeout=300) == "still here"


@pytest.fixture
def page(port: int) -> Iterator[ClientConnection]:
    with connect(f"ws://127.0.0.1:{port}/echo", max_size=None, close_timeout=0.1) as page:
        yield page


def test_page_may_send_many_large_messages(page: ClientConnection) -> None:
    for _ in range(10):
        page.send("a" * MAX_MESSAGE_BYTES)
        assert len(page.recv(timeout=300)) == MAX_MESSAGE_BYTES


@pytest.mark.parametrize("frames", [1, 2, 64])
def test_message_over_the_limit_closes_only_its_page(port: int, page: ClientConnection, frames: int) -> None:
    part = "a" * (MAX_MESSAGE_BYTES // frames + 1)
    with connect(f"ws://127.0.0.1:{port}/echo") as other:
        with suppress(ConnectionClosed):
            page.send(part for _ in range(frames))

        with pytest.raises(ConnectionClosed):
            page.recv(timeout=300)

        assert still_responds(other)


@pytest.mark.parametrize("size", [0, 1])
def test_message_in_endless_frames_closes_its_page(page: ClientConnection, size: int) -> None:
    more = Frame(Opcode.CONT, b"a" * size, fin=False).serialize(mask=True) * MAX_QUEUED_FRAMES

    with suppress(OSError):
        page.socket.sendall(Frame(Opcode.TEXT, b"a", fin=False).serialize(mask=True) + more)

    wait_until(lambda: page.state is not State.OPEN, what="the WebSocket to close")


def test_queue_of_unread_messages_is_limited(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/late-reader", close_timeout=0.1) as page:
        with suppress(OSError):
            page.socket.sendall(Frame(Opcode.TEXT, b"").serialize(mask=True) * 20 * MAX_QUEUED_FRAMES)

        wait_until(lambda: page.state is not State.OPEN, what="the WebSocket to close")


HANDSHAKE = (
    b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def test_unread_pongs_are_dropped(server: uvicorn.Server, port: int) -> None:
    with connect_raw(port, HANDSHAKE) as client:
        assert client.recv(65536).startswith(b"HTTP/1.1 101 ")
        connection = connection_of(client, server)
        for _ in range(150):
            client.sendall(Frame(Opcode.PING, b"a" * 125).serialize(mask=True) * 1000)
        client.sendall(Frame(Opcode.TEXT, b"after the pings").serialize(mask=True))
        wait_until(lambda: "after the pings" in received, what="the message")

        assert connection.transport.get_write_buffer_size() < 2**20


def test_message_in_many_frames_arrives(page: ClientConnection) -> None:
    page.send("a" for _ in range(MAX_QUEUED_FRAMES - 1))

    assert page.recv(timeout=300) == "a" * (MAX_QUEUED_FRAMES - 1)
