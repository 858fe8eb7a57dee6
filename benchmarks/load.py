"""Load test: 50 open Draw pages, 200 API requests per second and a training run on one machine.

As a baseline, a plain Gradio sketchpad with `model.predict` then handles the same traffic. It cannot keep up with 200
requests per second; its errors and latencies under overload are part of the result.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import psutil
from PIL import Image
from uvicorn.loops.auto import auto_loop_factory
from websockets.exceptions import WebSocketException

from benchmarks.http_client import Connection, Send, Tally, send_at_rate
from benchmarks.mnist import share_mnist
from benchmarks.page_session import DrawPage, PageError, canvas_data_url
from benchmarks.report import Figure
from core.config import preset, replace_settings
from core.data.datasets import load_dataset
from core.launcher.queue import submit
from core.workspace import PROJECT, Workspace
from tests.support.dashboard_process import DashboardProcess, free_port
from tests.support.waiting import wait_until
from tests.support.workers import end_all

PAGES = 50
DRAWING_INTERVAL_SECONDS = 2.0
"""Time between two drawings on one page."""
REQUESTS_PER_SECOND = 200
TIMEOUT = 10.0
"""Seconds until a missing response counts as an error."""
MINUTES = 10.0
"""Duration of each load test; long enough to show a memory leak."""
DRAWINGS = 50
"""Number of different drawings, sent in turn."""
SEED = 1
_MEMORY_INTERVAL = 1.0
"""Seconds between two samples of the server's memory."""
_WARM_UP_SECONDS = 60.0
"""Latencies are also reported without the first minute, in which all pages are opened."""
_GRADIO = "/gradio_api"


def load(minutes: float = MINUTES) -> list[Figure]:
    """Test Trazo and the plain sketchpad for this many minutes each; return nothing without MNIST."""
    if not share_mnist():
        return []
    drawings = _drawings()
    return [*_trazo(drawings, minutes * 60), *_plain_gradio(drawings, minutes * 60)]


def _drawings() -> list[np.ndarray]:
    """Return enlarged test digits as ink (280, 280), white on black."""
    test = load_dataset("mnist", Workspace.from_environment()).test
    chosen = np.random.default_rng(SEED).choice(len(test), DRAWINGS, replace=False)
    return [np.asarray(Image.fromarray(test.images[index]).resize((280, 280))) for index in chosen]


def png(ink: np.ndarray) -> bytes:
    """Return ink, white on black, as a picture of black ink on white."""
    file = io.BytesIO()
    Image.fromarray(255 - ink).save(file, "PNG")
    return file.getvalue()


def _trazo(drawings: list[np.ndarray], seconds: float) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        dashboard = DashboardProcess(Path(folder), TRAZO_PREDICTIONS_PER_MINUTE="0")
        workspace = Workspace(dashboard.workspace)
        try:
            _wait_for(dashboard.port, "/gradio/")
            run = submit(workspace, replace_settings(preset("original"), epochs=200, patience=0))
            wait_until(run.steps_file.exists, 180, "the first training steps")
            measurement = _test_dashboard(dashboard, drawings, seconds)
            running = run.status().state == "running"
        finally:
            end_all(workspace)
            dashboard.stop()
    training = Figure("Trazo: training still running at the end (1 = yes)", float(running), "")
    return [*_figures("Trazo", measurement), training]


def _test_dashboard(dashboard: DashboardProcess, drawings: list[np.ndarray], seconds: float) -> _Measurement:
    pictures, canvases = [png(ink) for ink in drawings], [canvas_data_url(ink) for ink in drawings]

    async def send(connection: Connection, number: int) -> None:
        status, _ = await connection.request("POST", "/api/predict", pictures[number % DRAWINGS])
        if status != 200:
            raise ValueError(status)

    # The first pictures start the process pool.
    asyncio.run(send_at_rate(dashboard.port, 1, 5, send))

    def visit(number: int, tally: Tally) -> Awaitable[None]:
        return _visit_page(dashboard.port, canvases, number, seconds, tally)

    return _measure(dashboard.port, dashboard.process.pid, seconds, visit, send)


async def _visit_page(port: int, canvases: list[str], number: int, seconds: float, tally: Tally) -> None:
    generator = random.Random(number)
    end = time.perf_counter() + seconds
    await asyncio.sleep(generator.uniform(0, DRAWING_INTERVAL_SECONDS * 2))
    try:
        async with DrawPage(port, TIMEOUT) as page:
            while time.perf_counter() < end:
                start = time.perf_counter()
                tally.add(await page.draw(generator.choice(canvases)))
                await asyncio.sleep(max(0.0, DRAWING_INTERVAL_SECONDS - (time.perf_counter() - start)))
    except (OSError, TimeoutError, PageError, WebSocketException) as error:
        tally.errors.append(f"{type(error).__name__}: {error}")


def _plain_gradio(drawings: list[np.ndarray], seconds: float) -> list[Figure]:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.plain_gradio", str(port)]
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("wb") as log:
        environment = {**os.environ, "GRADIO_TEMP_DIR": folder, "GRADIO_ANALYTICS_ENABLED": "False"}
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(port, "/config")
            files = asyncio.run(_upload(port, [png(ink) for ink in drawings]))

            async def send(connection: Connection, number: int) -> None:
                await _predict(connection, files[number % DRAWINGS])

            def visit(number: int, tally: Tally) -> Awaitable[None]:
                return _visit_sketchpad(port, files, number, seconds, tally)

            measurement = _measure(port, process.pid, seconds, visit, send)
        finally:
            process.terminate()
            process.wait(20)
    return _figures("Plain Gradio with `model.predict`", measurement)


async def _upload(port: int, pictures: list[bytes]) -> list[str]:
    """Upload the pictures once, so that the server gets no further uploads; return their paths on the server."""
    connection, content_type = Connection(port), "multipart/form-data; boundary=b"
    paths = []
    for picture in pictures:
        head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        body = head + picture + b"\r\n--b--\r\n"
        _, response = await connection.request("POST", f"{_GRADIO}/upload", body, content_type)
        paths.append(json.loads(response)[0])
    connection.close()
    return paths


async def _predict(connection: Connection, path: str) -> None:
    """Join Gradio's queue and read the events to the end, as `gradio_client` does."""
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    body = json.dumps({"data": [{"background": None, "layers": [], "composite": file}]}).encode()
    status, response = await connection.request("POST", f"{_GRADIO}/call/predict", body, "application/json")
    if status != 200:
        raise ValueError(status)
    _, events = await connection.request("GET", f"{_GRADIO}/call/predict/{json.loads(response)['event_id']}")
    if b"event: complete" not in events:
        raise ValueError(events[:100])


async def _visit_sketchpad(port: int, files: list[str], number: int, seconds: float, tally: Tally) -> None:
    generator, connection = random.Random(number), Connection(port)
    end = time.perf_counter() + seconds
    await asyncio.sleep(generator.uniform(0, DRAWING_INTERVAL_SECONDS * 2))
    while time.perf_counter() < end:
        start = time.perf_counter()
        try:
            async with asyncio.timeout(TIMEOUT):
                await _predict(connection, generator.choice(files))
            tally.add(time.perf_counter() - start)
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError) as error:
            tally.errors.append(type(error).__name__)
            connection.close()
        await asyncio.sleep(max(0.0, DRAWING_INTERVAL_SECONDS - (time.perf_counter() - start)))
    connection.close()


Visit = Callable[[int, Tally], Awaitable[None]]
"""Function that acts as one visitor for the duration of the test, given a page number and a tally."""


@dataclass
class _Measurement:
    """Tallies of the drawings on the pages and of the requests, and samples of the server's memory in MB."""

    pages: Tally
    requests: Tally
    memory: list[float]


def _measure(port: int, pid: int, seconds: float, visit: Visit, send: Send) -> _Measurement:
    # Use uvloop if available, because the clients share the machine with the server under test.
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        return runner.run(_send_and_sample(port, pid, seconds, visit, send))


async def _send_and_sample(port: int, pid: int, seconds: float, visit: Visit, send: Send) -> _Measurement:
    pages, memory, process = Tally(), list[float](), psutil.Process(pid)

    async def sample_memory() -> None:
        while True:
            memory.append(_memory(process))
            await asyncio.sleep(_MEMORY_INTERVAL)

    sampling = asyncio.create_task(sample_memory())
    visits = [asyncio.ensure_future(visit(number, pages)) for number in range(PAGES)]
    requests = await send_at_rate(port, REQUESTS_PER_SECOND, seconds, send, TIMEOUT)
    await asyncio.gather(*visits)
    sampling.cancel()
    return _Measurement(pages, requests, memory)


def _memory(process: psutil.Process) -> float:
    """Return the memory of a server and its child processes in MB."""
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True))) / 2**20


def _figures(name: str, measurement: _Measurement) -> list[Figure]:
    memory = measurement.memory
    tenth = max(1, len(memory) // 10)
    return [
        *_latency_figures(f"{name}, drawings on {PAGES} open pages", measurement.pages),
        *_latency_figures(f"{name}, {REQUESTS_PER_SECOND} requests per second", measurement.requests),
        Figure(f"{name}: mean memory in the second tenth of the test", float(np.mean(memory[tenth : 2 * tenth])), "MB"),
        Figure(f"{name}: mean memory in the last tenth of the test", float(np.mean(memory[-tenth:])), "MB"),
        Figure(f"{name}: peak memory", max(memory), "MB"),
    ]


def _latency_figures(traffic: str, tally: Tally) -> list[Figure]:
    figures = [
        Figure(f"{traffic}: sent", len(tally.seconds) + len(tally.errors), ""),
        Figure(f"{traffic}: errors, including timeouts after {TIMEOUT:g} s", len(tally.errors), ""),
    ]
    if not tally.seconds:
        return figures
    figures.append(Figure(f"{traffic}: median latency", median(tally.seconds) * 1000, "ms"))
    seconds, warm_up = np.array(tally.seconds), np.array(tally.completed) < _WARM_UP_SECONDS
    parts = {"": seconds, " in the first minute": seconds[warm_up], " after the first minute": seconds[~warm_up]}
    for period, latencies in parts.items():
        if latencies.size:
            percentile = float(np.percentile(latencies, 95)) * 1000
            figures.append(Figure(f"{traffic}: 95th percentile of latency{period}", percentile, "ms"))
    return figures


def _wait_for(port: int, path: str) -> None:
    def responds() -> bool:
        try:
            return asyncio.run(Connection(port).request("GET", path))[0] == 200
        except (OSError, asyncio.IncompleteReadError):
            return False

    wait_until(responds, 120, path)
