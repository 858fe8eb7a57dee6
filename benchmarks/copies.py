"""One and two copies of the dashboard behind nginx with the same load, and the outage when one copy is killed."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
from websockets.exceptions import WebSocketException

from benchmarks.http_client import Tally
from benchmarks.load import png
from benchmarks.page_session import DrawPage, PageError, canvas_data_url
from benchmarks.report import Figure
from tests.support.copies import COOKIE, Copies, running_copies
from tests.support.nginx import find_nginx

PAGES = 100
DRAWING_INTERVAL_SECONDS = 5.0
"""Time between two drawings on one page."""
LOAD_SECONDS = 20.0
OUTAGE_SECONDS = 12.0
"""Duration of the measurement in which a copy is killed after a quarter of the time."""
REQUESTS_PER_SECOND = 20
TIMEOUT = 20.0
"""Seconds until a missing response counts as an error."""

_RETRY_SECONDS = 0.5
"""Time until a page tries to reconnect; a page in Chromium reconnected after 0.6 s."""

_ERRORS = (OSError, TimeoutError, PageError, WebSocketException)


def copies() -> list[Figure]:
    """Have visitors draw on one copy, then on two, then on two while one is killed; return nothing without nginx.

    All copies share one machine, so two copies on two machines would be at least as fast as these two.
    """
    nginx = find_nginx()
    if nginx is None:
        return []
    figures: list[Figure] = []
    for count in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            limits = {"TRAZO_PAGES_PER_CLIENT": "0", "TRAZO_PREDICTIONS_PER_MINUTE": "0"}
            with running_copies(Path(folder), nginx, count, **limits) as running:
                title = f"{count} {'copy' if count == 1 else 'copies'}"
                figures += _latencies(f"{title}, drawings on {PAGES} pages", asyncio.run(_draw(running)))
                if count == 2:
                    figures += _outage_figures(asyncio.run(_outage(running)))
    return figures


def _drawings() -> list[np.ndarray]:
    """Return ten different drawings as ink (280, 280), white on black."""
    drawings = np.zeros((10, 280, 280), np.uint8)
    for index, ink in enumerate(drawings):
        ink[60 + index : 200 + 2 * index, 125 + index : 147 + index] = 255
    return list(drawings)


async def _open_pages(stack: AsyncExitStack, running: Copies, visitors: Sequence[Mapping[str, str]]) -> list[DrawPage]:
    """Open a page with each visitor's cookies, and draw on it once."""
    pages = []
    for cookies in visitors:
        page = DrawPage(running.nginx.port, TIMEOUT, cookies)
        await stack.enter_async_context(page)
        await page.draw(canvas_data_url(_drawings()[0]))
        pages.append(page)
    return pages


async def _draw(running: Copies) -> Tally:
    """Draw on all pages for LOAD_SECONDS."""
    tally, canvases = Tally(), [canvas_data_url(ink) for ink in _drawings()]

    async def visit(number: int, page: DrawPage) -> None:
        generator = random.Random(number)
        await asyncio.sleep(generator.uniform(0, DRAWING_INTERVAL_SECONDS))
        try:
            while time.perf_counter() < end:
                tally.add(await page.draw(generator.choice(canvases)))
                await asyncio.sleep(DRAWING_INTERVAL_SECONDS)
        except _ERRORS as error:
            tally.errors.append(type(error).__name__)

    async with AsyncExitStack() as stack:
        pages = await _open_pages(stack, running, [running.new_visitor() for _ in range(PAGES)])
        end = time.perf_counter() + LOAD_SECONDS
        await asyncio.gather(*(visit(number, page) for number, page in enumerate(pages)))
    return tally


@dataclass
class _Outage:
    """Seconds from the kill to the next prediction on each open page, and the latencies of the API requests."""

    pages: list[float] = field(default_factory=list)
    requests: Tally = field(default_factory=Tally)


async def _outage(running: Copies) -> _Outage:
    """Send requests and kill the first copy; reconnect its pages immediately, as browsers do."""
    outage, drawing = _Outage(), canvas_data_url(_drawings()[0])
    visitors = [running.new_visitor() for _ in range(PAGES)]
    visitors = [each for each in visitors if each[COOKIE] == "1"]

    async def reconnect(cookies: Mapping[str, str]) -> None:
        while True:
            try:
                async with DrawPage(running.nginx.port, TIMEOUT, cookies) as page:
                    await page.draw(drawing)
            except _ERRORS:
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                outage.pages.append(time.perf_counter() - killed)
                return

    async with AsyncExitStack() as stack:
        await _open_pages(stack, running, visitors)
        sending = asyncio.ensure_future(_send_pictures(running, outage.requests))
        await asyncio.sleep(OUTAGE_SECONDS / 4)
        killed = time.perf_counter()
        running.kill(1)
        await asyncio.gather(sending, *map(reconnect, visitors))
    return outage


async def _send_pictures(running: Copies, tally: Tally) -> None:
    """Send pictures to both copies in turn, at a fixed rate."""
    picture = png(_drawings()[0])

    async def send(client: httpx.AsyncClient, copy: int) -> None:
        start = time.perf_counter()
        try:
            response = await client.post("/api/predict", content=picture, headers={"Cookie": f"{COOKIE}={copy}"})
            response.raise_for_status()
            tally.add(time.perf_counter() - start)
        except httpx.HTTPError as error:
            tally.errors.append(type(error).__name__)

    async with httpx.AsyncClient(base_url=running.nginx.url, timeout=TIMEOUT) as client, asyncio.TaskGroup() as tasks:
        for number in range(int(OUTAGE_SECONDS * REQUESTS_PER_SECOND)):
            tasks.create_task(send(client, 1 + number % 2))
            await asyncio.sleep(1 / REQUESTS_PER_SECOND)


def _latencies(traffic: str, tally: Tally) -> list[Figure]:
    milliseconds = 1000 * np.array(tally.seconds or [np.nan])
    return [
        Figure(f"{traffic}: sent", len(tally.seconds) + len(tally.errors), ""),
        Figure(f"{traffic}: errors, including timeouts after {TIMEOUT:g} s", len(tally.errors), ""),
        Figure(f"{traffic}: median", float(np.median(milliseconds)), "ms"),
        Figure(f"{traffic}: 95th percentile", float(np.percentile(milliseconds, 95)), "ms"),
    ]


def _outage_figures(outage: _Outage) -> Sequence[Figure]:
    pages = outage.pages
    return [
        Figure("Killed copy: open pages", len(pages), ""),
        Figure("Killed copy: until the first of its pages predicts again", min(pages), "s"),
        Figure("Killed copy: until all of its pages predict again", max(pages), "s"),
        *_latencies(f"Killed copy, {REQUESTS_PER_SECOND} API requests per second to both", outage.requests),
        Figure("Killed copy: slowest API request", 1000 * max(outage.requests.seconds), "ms"),
    ]
