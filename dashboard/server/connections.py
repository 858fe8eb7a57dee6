"""Limits on connections: their number, the time to receive a request's head, and the size of WebSocket messages.

uvicorn closes a connection that stays idle after a response, but waits forever for the first request. Each idle
connection holds an open file, and once the system's limit on open files is reached, new visitors cannot connect.
uvicorn also buffers an incomplete head of any length.
"""

from __future__ import annotations

import asyncio
import resource
from typing import ClassVar

import uvicorn

from dashboard.server import metrics
from dashboard.server.library_internals import HttpConnection, WebSocketConnection, prepare_servers, set_protocols

HEAD_TIMEOUT_SECONDS = 20.0
"""Time limit for a request's first line and headers; phones may lose their network for a few seconds."""

STOP_SECONDS = 2.0
"""Time for responses to end when the server stops; an open page of Gradio has a response that never ends."""

MAX_HEAD_BYTES = 64 * 2**10
"""Maximum size of a head that arrives in several reads; other servers allow 8 to 16 kB."""

MAX_CONNECTIONS = 2000
"""Maximum number of open connections, WebSockets included: four for each of the 500 pages that may be open."""

MAX_MESSAGE_BYTES = 2 * 2**20
"""Maximum size of a WebSocket message.

The largest message from a page is a drawing, at 3 kB a stroke; pictures are uploaded over HTTP. The server holds at
most two messages for each page, so the 100 pages of one client hold at most 400 MB.
"""

MAX_QUEUED_FRAMES = 4096
"""Maximum number of frames and messages queued for one WebSocket; each takes up to 250 bytes, even if it is empty."""

_REQUESTED_FILES = 8192
"""Limit on open files to request from the system: enough for the connections, runs, pictures and libraries."""

_OTHER_FILES = 200
"""Open files reserved for everything except connections; an idle dashboard has about 20."""

_HEAD_TOO_LONG = b"The headers of this request are too long."


def limit_connections() -> None:
    """Apply these limits to every server in this process, and raise its limit on open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    requested_limit = _REQUESTED_FILES if hard == resource.RLIM_INFINITY else min(_REQUESTED_FILES, hard)
    if soft < requested_limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (requested_limit, hard))
    prepare_servers(_configure)


def _configure(config: uvicorn.Config) -> None:
    set_protocols(config, Connection, PageConnection)
    # A few compressed kilobytes can expand to a message of maximum size, many times in one read.
    config.ws_per_message_deflate = False
    config.ws_max_size = min(config.ws_max_size, MAX_MESSAGE_BYTES)


def _max_connections() -> int:
    """Return the number of connections that the limit on open files allows: at least half of the limit."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return min(MAX_CONNECTIONS, max(files - _OTHER_FILES, files // 2))


class Connection(HttpConnection):
    """A connection that closes if a head is too slow or too long, or to make room for newer connections.

    A client that is still downloading the last response may take longer, as long as it makes progress.
    """

    _awaiting_head: ClassVar[dict[Connection, asyncio.TimerHandle]] = {}
    """Connections that wait for a complete head, the one waiting longest first."""

    _head_bytes = 0
    """Bytes received since the last complete head, body chunk or request."""

    _unsent_bytes = 0
    """Bytes of the last response that the client had not downloaded when the timer started."""

    def opened(self) -> None:
        """Wait for the first head; if there are too many connections, close the one that has been idle longest."""
        self._expect_head()
        if self.open_connections > _max_connections():
            next(iter(self._awaiting_head))._drop()

    def bytes_arriving(self, count: int) -> None:
        """Count the bytes towards the current head."""
        self._head_bytes += count

    def bytes_parsed(self) -> None:
        """Reject a head that is too long; stop the timer if it is complete."""
        if self._head_bytes > MAX_HEAD_BYTES:
            self._reject_head()
        elif self.response_pending:
            self._stop_timer()

    def part_complete(self) -> None:
        """Reset the count. Bodies have their own limits; here, only the headers of their chunks count."""
        self._head_bytes = 0

    def upgraded(self) -> None:
        """Stop the timer: a WebSocket may be idle, and pings detect dead ones."""
        self._stop_timer()

    def response_complete(self) -> None:
        """Wait for the next head."""
        self._expect_head()

    def closed(self) -> None:
        """Stop the timer."""
        self._stop_timer()

    def stopping(self) -> None:
        """Give the response a few seconds; uvicorn would wait forever for one that does not end."""
        self.call_later(STOP_SECONDS, self._drop)

    def _expect_head(self) -> None:
        self._stop_timer()
        self._unsent_bytes = self.unsent_bytes
        self._awaiting_head[self] = self.call_later(HEAD_TIMEOUT_SECONDS, self._head_missing)

    def _head_missing(self) -> None:
        # uvicorn counts a response as complete once all of it is in the buffer.
        if self.unsent_bytes < self._unsent_bytes:
            self._expect_head()
        else:
            self._drop()

    def _stop_timer(self) -> None:
        timer = self._awaiting_head.pop(self, None)
        if timer is not None:
            timer.cancel()

    def _reject_head(self) -> None:
        metrics.REFUSED_REQUESTS.labels("head").inc()
        if self.response_pending:  # a second response would corrupt the first
            self._drop()
            return
        self._stop_timer()
        status_and_headers = (
            b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain\r\nConnection: close\r\n"
        )
        self.respond_and_close(
            b"%sContent-Length: %d\r\n\r\n%s" % (status_and_headers, len(_HEAD_TOO_LONG), _HEAD_TOO_LONG)
        )

    def _drop(self) -> None:
        self._stop_timer()
        self.abort()


class PageConnection(WebSocketConnection):
    """A WebSocket that closes if too many frames and messages are queued."""

    def frames_queued(self, count: int) -> None:
        """Close the connection if it exceeds the limit; the page then reconnects by itself."""
        if count > MAX_QUEUED_FRAMES:
            metrics.REFUSED_REQUESTS.labels("messages").inc()
            self.abort()

    def stopping(self) -> None:
        """Give the client a few seconds to close; one that has stopped reading never does."""
        self.call_later(STOP_SECONDS, self.abort)
