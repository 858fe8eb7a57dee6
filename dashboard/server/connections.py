"""Connections to the port: how many there may be, how long one may take to say what it wants, and in how many bytes.

uvicorn closes what is silent after an answer, but waits forever for a first request, and a silent connection is an
open file: with as many as the system allows, nobody else gets in. It also keeps what it has of a head, or of a page's
message, until the rest is there, however much that is.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections import deque
from typing import Any, cast

import uvicorn
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from dashboard.server import metrics
from dashboard.server.rate_limits import Shares, client_of

if sys.platform != "win32":
    import resource

HEAD_SECONDS = 20.0
"""How long a client may take for the head of a request: its first line and its headers."""

MAX_HEAD_BYTES = 64 * 2**10
"""How long a head may be, as far as it takes more than one read from the socket; others end at 8 or 16 kB."""

MAX_CONNECTIONS = 2000
"""Connections at a time, WebSockets among them; fewer where the system allows this process too few open files."""

MAX_MESSAGE_BYTES = 8 * 2**20
"""The most that a page may say at once over its WebSocket; the state of its widgets (`maxWidgetStateSize`) is less."""

MAX_HELD_BYTES, MAX_HELD_BYTES_OF_CLIENT = 256 * 2**20, 64 * 2**20
"""The most that messages may hold, of all pages and of one client's, from their first byte until they are read."""

SMALL_BYTES = 64 * 2**10
"""What a page may hold in any case, so that none is cut off for what others do; most messages are smaller."""

_EACH_BYTES = 256
"""What a frame, or a message in the queue, takes beside its bytes."""

_TOO_LONG = b"The head of this request is too long."
_WANTED_FILES = 8192
_OTHER_FILES = 200
"""Open files that the dashboard needs beside its connections, generously."""


def guard_server() -> None:
    """Let every server of this process guard its connections; also ask the system for more open files."""
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _WANTED_FILES if hard == resource.RLIM_INFINITY else min(_WANTED_FILES, hard)
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    # Streamlit makes the server, and has no setting for this.
    uvicorn.Server.startup = _startup  # type: ignore[method-assign, assignment]


_start = uvicorn.Server.startup


async def _startup(server: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
    server.config.http_protocol_class = Connection
    server.config.ws_protocol_class = PageConnection
    # A few kilobytes can be inflated to as much as a message may have, many times in one read.
    server.config.ws_per_message_deflate = False
    server.config.ws_max_size = min(server.config.ws_max_size, MAX_MESSAGE_BYTES)
    await _start(server, sockets)


def _room() -> int:
    """How many connections there may be: half of the open files at least are for them."""
    if sys.platform == "win32":
        return MAX_CONNECTIONS
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return min(MAX_CONNECTIONS, max(files - _OTHER_FILES, files // 2))


class Connection(HttpToolsProtocol):
    """uvicorn's connection, which ends when it says nothing, or no end of it; the silent give way first."""

    _silent: dict[Connection, asyncio.TimerHandle] = {}  # noqa: RUF012 - of all connections, the longest silent first
    _head_bytes = 0
    """What came since something was whole: a head, a part of a body, or a body."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head; one that is silent goes where there is no room for another."""
        super().connection_made(transport)
        self._await_head()
        if len(self.connections) > _room():
            next(iter(self._silent))._give_up()

    def data_received(self, data: bytes) -> None:
        """Wait no longer where the head is whole, nor for one that has no end."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse_head()
        elif self.cycle is not None and not self.cycle.response_complete:  # type: ignore[redundant-expr]
            self._head_came()

    def on_headers_complete(self) -> None:
        """What came until now has an end."""
        self._head_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Bodies are counted elsewhere; the heads between their chunks, and what follows the last, are counted here."""
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Another head may come."""
        self._head_bytes = 0
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """A WebSocket may be silent; its pings tell whether it lives."""
        self._head_came()
        super().handle_websocket_upgrade()

    def on_response_complete(self) -> None:
        """Wait for the next head, also while bytes come that belong to none."""
        super().on_response_complete()
        if self.cycle.response_complete:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._head_came()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._head_came()
        self._silent[self] = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _head_came(self) -> None:
        timer = self._silent.pop(self, None)
        if timer is not None:
            timer.cancel()

    def _refuse_head(self) -> None:
        metrics.REFUSED.labels("head").inc()
        if self.cycle is None or self.cycle.response_complete:  # type: ignore[redundant-expr]
            head = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain\r\nConnection: close\r\n"
            self.transport.write(b"%sContent-Length: %d\r\n\r\n%s" % (head, len(_TOO_LONG), _TOO_LONG))
            self._head_came()
            self.transport.close()
        else:  # in the middle of an answer
            self._give_up()

    def _give_up(self, *_: Any) -> None:
        self._head_came()
        self.transport.abort()


class PageConnection(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which ends where what it holds of a page's messages is more than there is room for."""

    _shares = Shares(MAX_HELD_BYTES, MAX_HELD_BYTES_OF_CLIENT)

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._sizes = deque[int]()
        self._waiting = self._being_read = 0
        self._charged, self._charged_to = 0, ""

    def data_received(self, data: bytes) -> None:
        """Hold these bytes, too, where there is room for them."""
        super().data_received(data)
        self._charge()

    def send_receive_event_to_app(self) -> None:
        """A message is whole, and waits to be read."""
        if not self.close_sent:
            self._sizes.append(sum(len(frame) + _EACH_BYTES for frame in self.frames))
            self._waiting += self._sizes[-1]
        super().send_receive_event_to_app()

    async def receive(self) -> Any:
        """The next message; who asks for it has done with the last."""
        self._being_read = 0
        self._charge()
        message = await super().receive()
        if message["type"] == "websocket.receive":
            self._being_read = self._sizes.popleft()
            self._waiting -= self._being_read
        return message

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of all that it holds."""
        super().connection_lost(exc)
        self._charge()

    def _held(self) -> int:
        """The bytes of all messages that are here, whole or not."""
        if self.disconnected:
            return 0
        unfinished = len(self.conn.reader.buffer) + (self.conn.current_size or 0) + _EACH_BYTES * len(self.frames)
        return unfinished + self._waiting + self._being_read

    def _charge(self) -> None:
        """Take from the shares what it holds more than before, or give back what it holds less."""
        more = max(0, self._held() - SMALL_BYTES) - self._charged
        if more > 0 and not self._charged:
            self._charged_to = client_of(
                cast("Scope", self.scope)
            )  # a proxy's visitor, which the first bytes would not tell
        if more <= 0:
            self._shares.give_back(self._charged_to, -more)
        elif not self._shares.take(self._charged_to, more):
            metrics.REFUSED.labels("messages").inc()
            self.transport.abort()
            return
        self._charged += more
