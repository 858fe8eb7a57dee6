"""The process pool that decodes pictures sent to the pages, Gradio and the API.

A hostile picture can crash its decoder, keep it busy for minutes or hold Python's global interpreter lock. In a worker
process, it cannot affect the dashboard, its decoding is stopped after DECODING_TIMEOUT_SECONDS, and it uses only its
sender's quota of workers.
"""

from __future__ import annotations

import logging
import math
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakValueDictionary

import anyio
import anyio.to_process
from anyio import BrokenWorkerProcess, CapacityLimiter, fail_after
from anyio.from_thread import BlockingPortal

from core.errors import PictureError, TrazoError
from core.language import Message
from dashboard.server import metrics
from dashboard.server.decoding import UnexpectedDecodingError, decode_ink, prepare_worker
from dashboard.server.rate_limits import Quota

if TYPE_CHECKING:
    from core.ink.picture_ink import PictureInk

_logger = logging.getLogger(__name__)

_Result = TypeVar("_Result")

DECODING_TIMEOUT_SECONDS = 20.0
"""Time limit for decoding one picture; 40 megapixels of JPEG 2000 take 3 to 7 s."""

WAITING_TIMEOUT_SECONDS = 40.0
"""Time limit for getting a worker. Waiting and decoding normally stay within the typical 60 s timeout of proxies."""

MAX_WAITING = 200
"""Maximum number of pictures being decoded or waiting; any more would exceed the time limit."""

MAX_WAITING_PER_CLIENT = 100

MAX_WORKERS_PER_CLIENT = 4
"""Maximum number of workers for one client; never more than one for each processor."""

WORKERS_FOR_OTHERS = 2
"""Workers beyond one client's maximum, so that no client can occupy all of them.

Each takes about 40 MB, and up to 300 MB more for 40 megapixels.
"""

START_TIMEOUT_SECONDS = 30.0
"""Time limit for a worker to start or an idle one to respond. A start takes 0.5 s, or seconds on a busy machine."""

_MAX_START_ATTEMPTS = 3
"""Maximum number of attempts to get a worker; an idle one may have been killed or suspended."""


class PicturePoolBusy(TrazoError):
    """Too many pictures are being decoded or waiting."""

    retry_after = 1

    def __init__(self) -> None:
        super().__init__(Message("Too many pictures are being read; try again in a second."))


class PicturePoolUnavailable(TrazoError):
    """No worker process can start: the system is out of memory, file descriptors or processes."""

    retry_after = 5

    def __init__(self) -> None:
        super().__init__(
            Message(
                "The dashboard cannot read pictures at the moment; see its log for details. Everything else "
                "still works."
            )
        )


class PictureProcessingError(TrazoError):
    """A picture could not be read because of an error in Trazo."""

    def __init__(self) -> None:
        super().__init__(Message("Something went wrong on our side; see the dashboard's log for details."))


class PicturePool:
    """Worker processes that decode pictures, with a quota of workers for each client."""

    def __init__(self, workers_per_client: int | None = None) -> None:
        processors = len(os.sched_getaffinity(0))
        self.workers_per_client = workers_per_client or min(MAX_WORKERS_PER_CLIENT, processors)
        self._workers = CapacityLimiter(self.workers_per_client + WORKERS_FOR_OTHERS)
        self._client_workers = WeakValueDictionary[str, CapacityLimiter]()
        self._waiting = Quota(MAX_WAITING, MAX_WAITING_PER_CLIENT)
        self._portal: BlockingPortal | None = None
        self._available = True

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Let threads use this pool through the current event loop."""
        async with BlockingPortal() as self._portal:
            try:
                yield
            finally:
                portal, self._portal = self._portal, None
                await portal.stop(cancel_remaining=True)

    async def available(self) -> bool:
        """Return True if pictures can be decoded; after a failure, try to start a worker first."""
        if not self._available:
            await self.warm_up()
        return self._available

    async def warm_up(self) -> None:
        """Start a worker so that the first picture does not wait for one."""
        try:
            async with self._workers:
                await self._prepare()
        except PicturePoolUnavailable as error:
            _logger.warning("%s", error)

    def ink_from_thread(self, picture: bytes, client: str) -> PictureInk:
        """Call `ink` from a Streamlit thread."""

        async def ink(pool: PicturePool) -> PictureInk:
            return await pool.ink(picture, client)

        return self.call_from_thread(ink)

    def call_from_thread(self, function: Callable[[PicturePool], Awaitable[_Result]]) -> _Result:
        """Await a function of this pool from a Streamlit thread, on the event loop that serves the pool.

        If no server is running, as in tests, use a temporary loop and pool.
        """
        portal = self._portal
        if portal is None:
            return anyio.run(function, PicturePool())
        return portal.call(function, self)

    async def ink(self, picture: bytes, client: str) -> PictureInk:
        """Return the ink in a picture file, decoded in a worker process.

        Raises PictureError if the picture cannot be decoded, crashes its decoder or takes longer than
        DECODING_TIMEOUT_SECONDS. Also raises PicturePoolBusy, PicturePoolUnavailable and PictureProcessingError.
        """
        if not self._waiting.acquire(client):
            raise _count_refusal("busy", PicturePoolBusy())
        try:
            async with self._worker_for(client):
                return await self._decode(picture)
        finally:
            self._waiting.release(client)

    @asynccontextmanager
    async def _worker_for(self, client: str) -> AsyncIterator[None]:
        """Wait until the client's quota and the pool have a free worker.

        Raises PicturePoolBusy after WAITING_TIMEOUT_SECONDS.
        """
        client_workers = self._client_workers.setdefault(client, CapacityLimiter(self.workers_per_client))
        async with AsyncExitStack() as stack:
            try:
                with fail_after(WAITING_TIMEOUT_SECONDS):
                    await stack.enter_async_context(client_workers)
                    await stack.enter_async_context(self._workers)
            except TimeoutError:
                raise _count_refusal("busy", PicturePoolBusy()) from None
            yield

    async def _decode(self, picture: bytes) -> PictureInk:
        for _ in range(2):  # a worker may be killed through no fault of the picture
            await self._prepare()
            try:
                with fail_after(DECODING_TIMEOUT_SECONDS):
                    return await _in_worker(decode_ink, picture)
            except BrokenWorkerProcess:
                _logger.warning("A worker process ended while decoding a picture.")
            except TimeoutError:
                raise PictureError(
                    Message("The picture takes too long to read; please save it again as PNG or JPEG.")
                ) from None
            except UnexpectedDecodingError:
                _logger.exception("A picture could not be read because of an error in Trazo.")
                raise PictureProcessingError from None
        raise PictureError(Message("The picture crashed its decoder; please save it again as PNG or JPEG."))

    async def _prepare(self) -> None:
        """Make sure that a worker is idle, starting one if necessary; raises PicturePoolUnavailable."""
        for attempt in range(1, _MAX_START_ATTEMPTS + 1):
            try:
                with fail_after(START_TIMEOUT_SECONDS):
                    await _in_worker(prepare_worker)
            except (
                BrokenWorkerProcess,
                OSError,
                RuntimeError,
            ):  # out of memory, file descriptors, processes, threads or time
                if attempt == _MAX_START_ATTEMPTS:
                    _logger.exception("Cannot start a worker process to decode pictures.")
            else:
                self._available = True
                return
        self._available = False
        raise _count_refusal("pictures", PicturePoolUnavailable())


POOL = PicturePool()
"""The pool shared by the pages, Gradio and the API of this process."""


async def _in_worker(function: Any, *arguments: object) -> Any:
    """Call a function in an idle worker or a new one. It sets no limit, because PicturePool limits the workers."""
    return await anyio.to_process.run_sync(function, *arguments, cancellable=True, limiter=CapacityLimiter(math.inf))


def _count_refusal(reason: str, error: TrazoError) -> TrazoError:
    metrics.REFUSED_REQUESTS.labels(reason).inc()
    return error


class _SysWithoutMain:
    """The module `sys` without a `__main__` module.

    Each of anyio's workers first runs the file of `__main__`. That would be Streamlit, or a page, because Streamlit
    puts its pages into `sys.modules["__main__"]`.
    """

    modules: dict[str, object] = {"__main__": None}  # noqa: RUF012 - only anyio reads it

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)


vars(anyio.to_process)["sys"] = _SysWithoutMain()
