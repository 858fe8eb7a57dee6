"""A small HTTP client that sends requests at a fixed rate and leaves most of the CPU to the server under test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass
class Tally:
    """Latencies in seconds, the time after `started` at which each response was complete, and the names of errors."""

    seconds: list[float] = field(default_factory=list)
    completed: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)

    def add(self, seconds: float) -> None:
        """Record a response that has just been completed."""
        self.seconds.append(seconds)
        self.completed.append(time.perf_counter() - self.started)


class Connection:
    """A persistent HTTP/1.1 connection to a port on this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(
        self, method: str, path: str, body: bytes = b"", content_type: str = "image/png"
    ) -> tuple[int, bytes]:
        """Return the status and body of the response; an event stream is read to the end."""
        fields = f"Host: 127.0.0.1\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}"
        try:
            head = await self._send(f"{method} {path} HTTP/1.1\r\n{fields}\r\n\r\n".encode() + body)
            return await self._response(head)
        except BaseException:
            self.close()
            raise

    async def _send(self, message: bytes) -> bytes:
        """Send a request and return the response's head, over a new connection if the server closed an idle one."""
        reused = self._streams is not None
        head = await self._head_of_response(message)
        if head is None and reused:
            self.close()
            head = await self._head_of_response(message)
        if head is None:
            raise ConnectionResetError
        return head

    async def _head_of_response(self, message: bytes) -> bytes | None:
        """Return the status line and headers, or None if the connection ends before their first byte."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        try:
            writer.write(message)
            return await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise
        except ConnectionError:
            pass
        return None

    async def _response(self, head: bytes) -> tuple[int, bytes]:
        assert self._streams is not None
        reader, lines = self._streams[0], head.decode("latin-1").lower().split("\r\n")
        status = int(lines[0].split()[1])
        headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        if "content-length" in headers:
            return status, await reader.readexactly(int(headers["content-length"]))
        return status, await _chunked_body(reader)

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _chunked_body(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while length := int(await reader.readline(), 16):
        body += await reader.readexactly(length)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body


Send = Callable[[Connection, int], Awaitable[None]]
"""Function that sends one request, given a connection and the number of the request."""


async def send_at_rate(port: int, rate: float, duration: float, send: Send, timeout: float = 10.0) -> Tally:
    """Call `send` `rate` times a second; latencies count from the scheduled time, so they include any queueing."""
    tally, idle_connections = Tally(), list[Connection]()

    async def send_one(number: int, scheduled: float) -> None:
        connection = idle_connections.pop() if idle_connections else Connection(port)
        try:
            async with asyncio.timeout(timeout):
                await send(connection, number)
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError) as error:
            tally.errors.append(type(error).__name__)
            connection.close()
        else:
            tally.add(time.perf_counter() - scheduled)
            idle_connections.append(connection)

    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * duration)):
            scheduled = tally.started + number / rate
            await asyncio.sleep(max(0.0, scheduled - time.perf_counter()))
            tasks.create_task(send_one(number, scheduled))
    for connection in idle_connections:
        connection.close()
    return tally
