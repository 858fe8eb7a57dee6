"""The picture pool: worker processes that decode the pictures which visitors send to the pages, Gradio and the API.

A hostile picture can crash its decoder, keep it busy for minutes or hold Python's lock. In a worker it does so without
the dashboard, is ended after DECODING_SECONDS, and takes only its sender's share of the pool.
"""

from __future__ import annotations

import logging
import math
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import anyio
import anyio.to_process
from anyio import BrokenWorkerProcess, CapacityLimiter, fail_after
from anyio.from_thread import BlockingPortal

from core.errors import PictureError, TrazoError
from dashboard.server import metrics
from dashboard.server.decoding import DecodingBug, ink_of, prepare_worker
from dashboard.server.rate_limits import Quota

if TYPE_CHECKING:
    from core.ink.drawing import Pixels

_logger = logging.getLogger(__name__)

DECODING_SECONDS = 20.0
"""How long one picture may take; 40 megapixels of JPEG 2000 take 3 to 7 s."""

WAITING_SECONDS = 40.0
"""How long a picture may wait for a worker; with the decoding, the answer comes within a proxy's usual minute."""

MAX_WAITING = 200
"""Pictures that are decoded or wait at a time; more would wait in vain."""

MAX_WAITING_PER_CLIENT = 100

MAX_WORKERS_PER_CLIENT = 4
"""One client uses at most this many workers, and at most one for each processor."""

WORKERS_FOR_OTHERS = 2
"""Workers that no single client can occupy. A worker takes about 80 MB, and up to 300 MB more for 40 megapixels."""

START_SECONDS = 30.0
"""How long a worker may take to start, or an idle one to answer; a start takes 0.5 s, on a busy machine several."""

_STARTS = 3
"""Attempts to get a worker: an idle one may have been killed or suspended."""


class PicturesBusy(TrazoError):
    """The pool has no room for another picture now."""

    retry_after = 1

    def __init__(self) -> None:
        super().__init__("Too many pictures are being read; try again in a second.")


class PicturesUnavailable(TrazoError):
    """No worker process starts, for lack of memory, files or processes."""

    retry_after = 5

    def __init__(self) -> None:
        super().__init__(
            "The dashboard cannot read pictures at the moment; its log says why. All pages without pictures work."
        )


class PictureBug(TrazoError):
    """A picture was not read because of an error in Trazo."""

    def __init__(self) -> None:
        super().__init__("Something went wrong on our side; the log of the dashboard says what.")


class PicturePool:
    """Worker processes that decode pictures, each sender limited to a share of them."""

    def __init__(self, workers_per_client: int | None = None) -> None:
        processors = len(os.sched_getaffinity(0))
        self.workers_per_client = workers_per_client or min(MAX_WORKERS_PER_CLIENT, processors)
        self._workers = CapacityLimiter(self.workers_per_client + WORKERS_FOR_OTHERS)
        self._shares = WeakValueDictionary[str, CapacityLimiter]()
        self._waiting = Quota(MAX_WAITING, MAX_WAITING_PER_CLIENT)
        self._portal: BlockingPortal | None = None
        self._available = True

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Let threads use this pool through the present event loop."""
        async with BlockingPortal() as self._portal:
            try:
                yield
            finally:
                portal, self._portal = self._portal, None
                await portal.stop(cancel_remaining=True)

    async def available(self) -> bool:
        """Return whether pictures can be decoded; if not, try to start a worker."""
        if not self._available:
            await self.warm_up()
        return self._available

    async def warm_up(self) -> None:
        """Start a worker, so that the first picture need not wait for it."""
        try:
            async with self._workers:
                await self._prepare()
        except PicturesUnavailable as error:
            _logger.warning("%s", error)

    def ink_from_thread(self, picture: bytes, client: str) -> Pixels:
        """Do the same as `ink` from a thread of Streamlit. Where no server runs, as in tests, use a pool of its own."""
        portal = self._portal
        if portal is None:
            return anyio.run(PicturePool().ink, picture, client)
        return portal.call(self.ink, picture, client)

    async def ink(self, picture: bytes, client: str) -> Pixels:
        """Return the ink (h, w) in a picture file, decoded in a worker process.

        Raises PictureError for a picture that cannot be decoded, ends its decoder or takes longer than
        DECODING_SECONDS; PicturesBusy, PicturesUnavailable and PictureBug.
        """
        if not self._waiting.acquire(client):
            raise _refused("busy", PicturesBusy())
        try:
            async with self._worker_for(client):
                return await self._decoded(picture)
        finally:
            self._waiting.release(client)

    @asynccontextmanager
    async def _worker_for(self, client: str) -> AsyncIterator[None]:
        """Wait for one of the client's own workers, then for any; raises PicturesBusy after WAITING_SECONDS."""
        share = self._shares.setdefault(client, CapacityLimiter(self.workers_per_client))
        async with AsyncExitStack() as held:
            try:
                with fail_after(WAITING_SECONDS):
                    await held.enter_async_context(share)
                    await held.enter_async_context(self._workers)
            except TimeoutError:
                raise _refused("busy", PicturesBusy()) from None
            yield

    async def _decoded(self, picture: bytes) -> Pixels:
        for _ in range(2):  # a worker may end without its picture's fault
            await self._prepare()
            try:
                with fail_after(DECODING_SECONDS):
                    return await _in_worker(ink_of, picture)
            except BrokenWorkerProcess:
                _logger.warning("A worker process ended while it decoded a picture.")
            except TimeoutError:
                raise PictureError("The picture takes too long to read; please save it again as PNG or JPEG.") from None
            except DecodingBug:
                _logger.exception("A picture was not read because of an error in Trazo.")
                raise PictureBug from None
        raise PictureError("The picture could not be read and ended its decoder; please save it again as PNG or JPEG.")

    async def _prepare(self) -> None:
        """Have an idle worker ready, or start one; raises PicturesUnavailable."""
        for attempt in range(1, _STARTS + 1):
            try:
                with fail_after(START_SECONDS):
                    await _in_worker(prepare_worker)
            except (BrokenWorkerProcess, OSError, RuntimeError):  # no memory, files, processes, threads or time
                if attempt == _STARTS:
                    _logger.exception("No process that decodes pictures starts.")
            else:
                self._available = True
                return
        self._available = False
        raise _refused("pictures", PicturesUnavailable())


POOL = PicturePool()
"""The pool that pages, Gradio and the API of this process share."""


async def _in_worker(function: Any, *arguments: object) -> Any:
    """Call a function in an idle worker, or in a new one: PicturePool counts them."""
    return await anyio.to_process.run_sync(function, *arguments, cancellable=True, limiter=CapacityLimiter(math.inf))


def _refused(reason: str, error: TrazoError) -> TrazoError:
    metrics.REFUSED.labels(reason).inc()
    return error


class _SysWithoutMain:
    """The module `sys`, without the program that this process runs.

    anyio's workers first run that program's file again. It would be Streamlit's, or a page's: Streamlit puts its pages
    into `sys.modules["__main__"]`.
    """

    modules: dict[str, object] = {"__main__": None}  # noqa: RUF012 - read by anyio alone

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)


vars(anyio.to_process)["sys"] = _SysWithoutMain()
