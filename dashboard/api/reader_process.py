"""Processes beside the dashboard that read the API's pictures.

Python runs one thread at a time, which pages need; and a picture that ends whoever decodes it ends no dashboard.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

from core.errors import BundleError, PictureError, PictureTooLarge
from core.workspace import PROJECT
from dashboard.api.picture_reader import LENGTH

_logger = logging.getLogger(__name__)

ANSWER_SECONDS = 20.0
"""How long a process may read one picture; 40 megapixels of JPEG 2000 take 3 s of a processor of one's own."""

PATIENCE_SECONDS = 60.0
"""How long a picture may wait for its answer: two processes that hang over it, and the start of the second."""

MOST_PROCESSES = 4
"""Each has about 100 MB to itself (`make bench ARGS=sidebyside`)."""

AHEAD = 2
"""Pictures that a process is given before it has answered: while it reads one, the next is there."""

_ROOM_SECONDS = 40.0
"""How long a picture may wait to be given to a process: what it has left of its patience is enough to be read."""

_START_SECONDS = 60.0
_PAUSE_SECONDS = 5.0
_LOOK_SECONDS = 0.05
_TRIES = 2
_ERRORS = {kind.__name__: kind for kind in (PictureError, PictureTooLarge, BundleError)}
_FATAL = "The picture could not be read, and ended what read it; please save it again as PNG or JPEG."


class ReaderEnded(Exception):
    """The process ended before its answer; `reading`: this was the picture that it was at."""

    def __init__(self, *, reading: bool) -> None:
        super().__init__(reading)
        self.reading = reading


class ReaderFault(Exception):
    """A picture was not read through a fault of ours, which stands in the log."""


class NoReader(Exception):
    """No process that reads pictures has started when it last was to; one will be tried again."""


class Readers:
    """Processes that read, at most one for each processor; those that have ended start again.

    Two start with the first picture, the others as soon as so many pictures are to be read at once.
    """

    def __init__(self, most: int = MOST_PROCESSES) -> None:
        """`most`: processes, 1 or more, that there are at most."""
        self.most = min(most, _processors())
        self._readers = [ReaderProcess() for _ in range(self.most)]
        # Until they are answered: what whoever asked no longer waits for would be read in front of everybody else.
        self._room = asyncio.Semaphore(AHEAD * self.most)
        self._needed = 2
        self._to_read = 0

    async def read(self, picture: bytes) -> tuple[dict[str, Any], float]:
        """The answer to a picture, and the seconds that reading took.

        Raises PictureError, also for a picture that ends one process after another, BundleError, ReaderFault, NoReader
        where none starts, and TimeoutError where none got to it within PATIENCE_SECONDS.
        """
        self._to_read += 1
        self._needed = max(self._needed, self._to_read)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._read(picture)
        finally:
            self._to_read -= 1

    async def _read(self, picture: bytes) -> tuple[dict[str, Any], float]:
        ended = 0
        while ended < _TRIES:
            try:
                return await (await self._given(picture))
            except ReaderEnded as error:
                # Those that only stood behind such a picture are asked again as often as it takes.
                ended += error.reading
        raise PictureError(_FATAL)

    async def _given(self, picture: bytes) -> Awaitable[tuple[dict[str, Any], float]]:
        """The answer to come to a picture, once a process has it; raises NoReader, ReaderEnded and TimeoutError."""
        async with asyncio.timeout(_ROOM_SECONDS):
            await self._room.acquire()
        try:
            reader = await self._ready()
            answer = reader.ask(picture)
        except BaseException:
            self._room.release()
            raise
        answer.add_done_callback(self._make_room)
        # Whoever gives up takes nothing back: the process has the picture.
        return asyncio.shield(answer)

    def _make_room(self, answer: asyncio.Future[tuple[dict[str, Any], float]]) -> None:
        """Let the next picture come; an error that nobody waits for any longer is nobody's."""
        self._room.release()
        answer.exception()

    async def _ready(self) -> ReaderProcess:
        """The one with the least to do among those that can be asked, as soon as one can."""
        while True:
            for reader in self._in_use:
                reader.start()
            ready = [reader for reader in self._in_use if reader.ready]
            if ready:
                return min(ready, key=lambda reader: reader.waiting)
            if self._none_starts():
                raise NoReader
            await asyncio.sleep(_LOOK_SECONDS)

    def usable(self) -> bool:
        """Whether pictures would be read, as far as is known; where not, another start is tried."""
        if not self._none_starts():
            return True
        for reader in self._in_use:
            reader.start()
        return False

    def _none_starts(self) -> bool:
        return all(reader.failed for reader in self._in_use)

    @property
    def _in_use(self) -> list[ReaderProcess]:
        return self._readers[: self._needed]

    async def stop(self) -> None:
        """End them all, and wait for their end."""
        for reader in self._readers:
            await reader.stop()


class ReaderProcess:
    """One such process; it starts when `start` is called, and again where it has ended."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._asked: deque[asyncio.Future[tuple[dict[str, Any], float]]] = deque()
        self._deadline: asyncio.TimerHandle | None = None
        self.failed = False
        """Whether it did not become ready when it last was to."""

    @property
    def ready(self) -> bool:
        """Whether it can be asked now."""
        return self._input() is not None

    @property
    def waiting(self) -> int:
        """Pictures that it was given and has not answered yet."""
        return len(self._asked)

    def start(self) -> None:
        """Start it where it does not run, without waiting for it."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        """From the start of the process to its end."""
        command = (sys.executable, "-m", "dashboard.api.picture_reader")
        try:
            process = await asyncio.create_subprocess_exec(*command, cwd=PROJECT, stdin=PIPE, stdout=PIPE)
        except (OSError, RuntimeError):  # for want of files, memory, processes or threads
            _logger.exception("A process that reads pictures did not start.")
            await self._fail()
            return
        try:
            await self._answers(process)
        except (asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            was_ready = self._process is not None
            await self._end(process)
        if was_ready:
            _logger.warning("A process that reads pictures has ended; another one takes its place.")
        else:
            _logger.error("A process that reads pictures ended before it was ready; the lines above may say why.")
            await self._fail()

    async def _fail(self) -> None:
        """Say so, and wait a while before another start."""
        self.failed = True
        await asyncio.sleep(_PAUSE_SECONDS)

    async def _answers(self, process: Process) -> None:
        """Hand its answers to those who asked; raises IncompleteReadError at its end."""
        self._allow(process, _START_SECONDS)
        await _message(process)  # an empty one: it is ready
        self._process, self.failed = process, False
        while True:
            self._allow(process, ANSWER_SECONDS if self._asked else None)
            message = json.loads(await _message(process))
            _settle(self._asked.popleft(), message)

    def _allow(self, process: Process, seconds: float | None) -> None:
        """Let the process have so many seconds from now on for its next answer; None: any number."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if seconds is not None:
            self._deadline = asyncio.get_running_loop().call_later(seconds, _kill, process)

    async def _end(self, process: Process) -> None:
        """Kill the process, which keeps nothing, and tell those who still wait for it."""
        self._process = None
        self._allow(process, None)
        _kill(process)
        reading = True
        while self._asked:
            self._asked.popleft().set_exception(ReaderEnded(reading=reading))
            reading = False
        await process.wait()

    def ask(self, picture: bytes) -> asyncio.Future[tuple[dict[str, Any], float]]:
        """Give it a picture; what comes is its answer and the seconds that reading took, and must not be cancelled.

        That raises PictureError, BundleError, ReaderFault, and ReaderEnded where the process ends meanwhile; this
        raises ReaderEnded where it has ended.
        """
        pictures = self._input()
        if self._process is None or pictures is None:
            raise ReaderEnded(reading=False)
        future: asyncio.Future[tuple[dict[str, Any], float]] = asyncio.get_running_loop().create_future()
        self._asked.append(future)
        if len(self._asked) == 1:
            self._allow(self._process, ANSWER_SECONDS)
        # Written before the last answer is there: the process need not wait for this one.
        pictures.write(LENGTH.pack(len(picture)) + picture)
        return future

    def _input(self) -> asyncio.StreamWriter | None:
        """What takes pictures; None where the process has not begun to listen, or has ended."""
        stdin = self._process.stdin if self._process else None
        return None if stdin is None or stdin.is_closing() else stdin

    async def stop(self) -> None:
        """End it, and wait for its end."""
        if self._task is None:
            return
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


def _settle(future: asyncio.Future[tuple[dict[str, Any], float]], message: dict[str, Any]) -> None:
    """Give whoever waits what a process said of his picture."""
    if "answer" in message:
        future.set_result((message["answer"], message["seconds"]))
    elif "fault" in message:
        _logger.error("A picture was not read, through a fault of ours.", extra={"fault": message["fault"]})
        future.set_exception(ReaderFault())
    else:
        future.set_exception(_ERRORS[message["error"]](message["sentence"]))


def _processors() -> int:
    """How many processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):  # on Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _kill(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()


async def _message(process: Process) -> bytes:
    assert process.stdout is not None
    return await process.stdout.readexactly(LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))[0])
