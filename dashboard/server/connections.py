"""Limits on connections: how many are open, how long a request's head may take, and how large messages may be.

uvicorn closes a connection that is silent after an answer, but waits forever for a first request. A silent connection
is an open file, and once the system's limit on open files is reached, no visitor can connect. uvicorn also buffers an
incomplete head of any length.
"""

from __future__ import annotations

import asyncio
import resource
from typing import ClassVar

import uvicorn

from dashboard.server import metrics
from dashboard.server.library_internals import HttpConnection, WebSocketConnection, prepare_servers, set_protocols

HEAD_SECONDS = 20.0
"""Longest time for a request's first line and headers; phones lose their network for a few seconds."""

MAX_HEAD_BYTES = 64 * 2**10
"""Longest head that arrives in more than one read; other servers allow 8 to 16 kB."""

MAX_CONNECTIONS = 2000
"""Connections at a time, WebSockets included: four for each of the 500 pages that may be open."""

MAX_MESSAGE_BYTES = 2 * 2**20
"""Largest message of a page. A drawing is its largest one, 3 kB a stroke; pictures are uploaded by HTTP instead.

A page holds at most two, so that the 100 pages of one client hold at most 400 MB.
"""

MAX_PIECES = 4096
"""Frames and messages that may wait on one WebSocket; each takes up to 250 bytes, even if it is empty."""

_WANTED_FILES = 8192
"""Open files to ask the system for: the connections, and as many again for runs, pictures and libraries."""

_OTHER_FILES = 200
"""Open files that the dashboard itself needs; it has about 20 when idle."""

_LONG_HEAD = b"The head of this request is too long."


def guard_server() -> None:
    """Apply these limits to every server of this process, and ask the system for more open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED_FILES if hard == resource.RLIM_INFINITY else min(_WANTED_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    prepare_servers(_configure)


def _configure(config: uvicorn.Config) -> None:
    set_protocols(config, Connection, PageConnection)
    # A few kilobytes can be inflated to the largest message, many times in one read.
    config.ws_per_message_deflate = False
    config.ws_max_size = min(config.ws_max_size, MAX_MESSAGE_BYTES)


def _max_connections() -> int:
    """Return the number of connections that the limit on open files allows; they get at least half of the files."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return min(MAX_CONNECTIONS, max(files - _OTHER_FILES, files // 2))


class Connection(HttpConnection):
    """A connection that closes if a head takes too long or is too long; silent connections make room for new ones."""

    _silent: ClassVar[dict[Connection, asyncio.TimerHandle]] = {}
    """All connections that owe a head, the longest silent first."""

    _head_bytes = 0
    """Bytes since the last complete head, piece of a body or request."""

    def opened(self) -> None:
        """Wait for the first head; if there are too many connections, close the longest silent one."""
        self._expect_head()
        if self.open_connections > _max_connections():
            next(iter(self._silent))._give_up()

    def bytes_arriving(self, count: int) -> None:
        """Count towards the current head."""
        self._head_bytes += count

    def bytes_parsed(self) -> None:
        """Refuse a head that is too long; stop waiting if it is complete."""
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse_head()
        elif self.answer_pending:
            self._stop_waiting()

    def part_complete(self) -> None:
        """Start counting anew. Bodies have limits of their own, but the heads between their chunks count here."""
        self._head_bytes = 0

    def upgraded(self) -> None:
        """Stop waiting: a WebSocket may be silent, and pings tell whether it is alive."""
        self._stop_waiting()

    def answered(self) -> None:
        """Wait for the next head."""
        self._expect_head()

    def closed(self) -> None:
        """Stop waiting."""
        self._stop_waiting()

    def _expect_head(self) -> None:
        self._stop_waiting()
        self._silent[self] = self.call_later(HEAD_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        timer = self._silent.pop(self, None)
        if timer is not None:
            timer.cancel()

    def _refuse_head(self) -> None:
        metrics.REFUSED.labels("head").inc()
        if self.answer_pending:  # a second answer in the middle of the first would be garbage
            self._give_up()
            return
        self._stop_waiting()
        head = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain\r\nConnection: close\r\n"
        self.answer_and_close(b"%sContent-Length: %d\r\n\r\n%s" % (head, len(_LONG_HEAD), _LONG_HEAD))

    def _give_up(self) -> None:
        self._stop_waiting()
        self.abort()


class PageConnection(WebSocketConnection):
    """A WebSocket that closes if its messages arrive in too many pieces."""

    def pieces_held(self, count: int) -> None:
        """Close the connection over the limit; a page then reconnects by itself."""
        if count > MAX_PIECES:
            metrics.REFUSED.labels("messages").inc()
            self.abort()
