"""Connections to the port: how many there may be, and how long one may take to say what it wants.

uvicorn closes what is silent after an answer, but waits forever for a first request, and a silent connection is an
open file: with as many as the system allows, nobody else gets in.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if sys.platform != "win32":
    import resource

HEAD_SECONDS = 20.0
"""How long a client may take for the head of a request: its first line and its headers."""

MAX_CONNECTIONS = 2000
"""Connections at a time, WebSockets among them; fewer where the system allows this process too few open files."""

MAX_MESSAGE_BYTES = 8 * 2**20
"""The most that a page may say at once over its WebSocket; the state of its widgets (`maxWidgetStateSize`) is less."""

_WANTED_FILES = 8192
_OTHER_FILES = 200
"""Open files that the dashboard needs beside its connections, generously."""


def guard_server() -> None:
    """Let every server of this process close connections that say nothing; also ask the system for more open files."""
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
    server.config.ws_max_size = min(server.config.ws_max_size, MAX_MESSAGE_BYTES)
    await _start(server, sockets)


def _room() -> int:
    """How many connections there may be: half of the open files at least are for them."""
    if sys.platform == "win32":
        return MAX_CONNECTIONS
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return min(MAX_CONNECTIONS, max(files - _OTHER_FILES, files // 2))


class Connection(HttpToolsProtocol):
    """uvicorn's connection, which ends when it says nothing, and gives way first where there are too many."""

    _silent: dict[Connection, asyncio.TimerHandle] = {}  # noqa: RUF012 - of all connections, the longest silent first

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head; one that is silent goes where there is no room for another."""
        super().connection_made(transport)
        self._await_head()
        if len(self.connections) > _room():
            next(iter(self._silent))._give_up()

    def data_received(self, data: bytes) -> None:
        """Wait no longer where the head is whole."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:  # type: ignore[redundant-expr]
            self._head_came()

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

    def _give_up(self, *_: Any) -> None:
        self._head_came()
        self.transport.abort()
