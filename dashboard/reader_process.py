"""A process beside the dashboard that reads the API's pictures: Python runs one thread at a time, which pages need."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from contextlib import suppress
from typing import Any

from core.errors import BundleError, PictureError, PictureTooLarge
from core.workspace import PROJECT
from dashboard.picture_reader import LENGTH

_logger = logging.getLogger(__name__)


class ReaderProcess:
    """One such process; it starts when `start` is first called, and again where it has ended."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._asked: deque[asyncio.Future[dict[str, Any]]] = deque()

    @property
    def ready(self) -> bool:
        """Whether it can be asked now."""
        return self._process is not None

    @property
    def waiting(self) -> int:
        """Pictures that it was given and has not answered yet."""
        return len(self._asked)

    def start(self) -> None:
        """Start it where it does not run, without waiting for it; of no use where there is one processor."""
        if (self._task is None or self._task.done()) and (os.cpu_count() or 1) > 1:
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        """From the start of the process to its end."""
        command = (sys.executable, "-m", "dashboard.picture_reader")
        try:
            process = await asyncio.create_subprocess_exec(*command, cwd=PROJECT, stdin=PIPE, stdout=PIPE)
        except OSError:
            _logger.exception("The process that reads pictures did not start.")
            return
        try:
            await _message(process)  # an empty one: it is ready
            self._process = process
            while True:
                message = json.loads(await _message(process))
                future = self._asked.popleft()
                if not future.done():
                    future.set_result(message)
        except asyncio.IncompleteReadError:
            pass
        finally:
            self._process = None
            if process.stdin is not None:
                process.stdin.close()
            while self._asked:
                future = self._asked.popleft()
                if not future.done():
                    future.set_exception(EOFError())
            await process.wait()

    async def ask(self, picture: bytes) -> tuple[dict[str, Any], float]:
        """The answer to a picture, and the seconds that reading took; raises PictureError and BundleError.

        Raises EOFError where the process has ended or ends meanwhile.
        """
        if self._process is None or self._process.stdin is None:
            raise EOFError
        future = asyncio.get_running_loop().create_future()
        self._asked.append(future)
        # Written before the last answer is there: the process need not wait for this one.
        self._process.stdin.write(LENGTH.pack(len(picture)) + picture)
        message = await future
        if "error" not in message:
            return message["answer"], message["seconds"]
        sentence = message["sentence"]
        if message["error"] == BundleError.__name__:
            raise BundleError(sentence)
        raise PictureTooLarge(sentence) if message["error"] == PictureTooLarge.__name__ else PictureError(sentence)

    async def stop(self) -> None:
        """End it, and wait for its end."""
        if self._task is None:
            return
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


async def _message(process: Process) -> bytes:
    assert process.stdout is not None
    return await process.stdout.readexactly(LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))[0])
