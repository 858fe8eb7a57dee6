"""Requests a second at a fixed rate, over kept connections, at the least cost to the machine that is measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass
class Tally:
    """Seconds of what went well, how long after the beginning each was done, and what went wrong, by name."""

    seconds: list[float] = field(default_factory=list)
    done: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    begun: float = field(default_factory=time.perf_counter)

    def add(self, seconds: float) -> None:
        """One more that went well, now."""
        self.seconds.append(seconds)
        self.done.append(time.perf_counter() - self.begun)


class Connection:
    """A kept HTTP/1.1 connection to this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self, method: str, path: str, body: bytes = b"", kind: str = "image/png") -> tuple[int, bytes]:
        """Status and body of an answer; event streams are read to their end."""
        fields = f"Host: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}"
        message = f"{method} {path} HTTP/1.1\r\n{fields}\r\n\r\n".encode() + body
        kept = self._streams is not None
        try:
            head = await self._head_of_answer(message)
            if head is None and kept:  # closed by the server, idle for too long: a new connection is to have an answer
                self.close()
                head = await self._head_of_answer(message)
            if head is None:
                raise ConnectionResetError
            assert self._streams is not None
            reader, lines = self._streams[0], head.decode("latin-1").lower().split("\r\n")
            status = int(lines[0].split()[1])
            headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
            if "content-length" in headers:
                return status, await reader.readexactly(int(headers["content-length"]))
            return status, await _chunks(reader)
        except BaseException:
            self.close()
            raise

    async def _head_of_answer(self, message: bytes) -> bytes | None:
        """What comes before the body; None where the connection ends before the first byte of it."""
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

    def close(self) -> None:
        """Give the connection up; the next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while length := int(await reader.readline(), 16):
        body += await reader.readexactly(length)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body


async def at_rate(
    port: int, rate: float, seconds: float, ask: Callable[[Connection, int], Awaitable[None]], patience: float = 10.0
) -> Tally:
    """Call `ask(connection, number)` `rate` times a second; each is timed from when it was due, waiting included."""
    tally, idle = Tally(), list[Connection]()

    async def one(number: int, due: float) -> None:
        connection = idle.pop() if idle else Connection(port)
        try:
            async with asyncio.timeout(patience):
                await ask(connection, number)
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError) as error:
            tally.errors.append(type(error).__name__)
            connection.close()
        else:
            tally.add(time.perf_counter() - due)
            idle.append(connection)

    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            due = tally.begun + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.create_task(one(number, due))
    for connection in idle:
        connection.close()
    return tally
