"""Many visitors at once: 50 open pages that draw, 200 API requests a second, and a training, on one machine.

The same visitors then meet the sketchpad that most demos are: Gradio with `model.predict`. Its visitors ask over the
same kept connections; 200 requests a second are more than it can take, and what it does then is part of the answer.
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
from pathlib import Path
from statistics import median

import numpy as np
import psutil
from PIL import Image
from uvicorn.loops.auto import auto_loop_factory
from websockets.exceptions import WebSocketException

from benchmarks.http_client import Connection, Tally, at_rate
from benchmarks.mnist import share_mnist
from benchmarks.page_session import PageError, PageSession, canvas
from benchmarks.report import Figure
from core.config import preset, replace_settings
from core.data.datasets import load_dataset
from core.launcher.queue import submit
from core.workspace import PROJECT, Workspace
from tests.support.dashboard_process import DashboardProcess, free_port
from tests.support.waiting import wait_until
from tests.support.workers import end_all

PAGES, PAUSE_SECONDS, REQUESTS_PER_SECOND = 50, 2.0, 200
MINUTES = 10.0
DRAWINGS = 50
SEED = 1
_MEMORY_EVERY = 1.0
_OPENING_SECONDS = 60.0
"""All pages are opened in the first seconds: what that costs is over by then."""
_GRADIO = "/gradio_api"


def load(minutes: float = MINUTES) -> list[Figure]:
    """Trazo and the plain sketchpad under the same load, for so many minutes each; nothing without MNIST."""
    if not share_mnist():
        return []
    drawings = _drawings()
    return [*_trazo(drawings, minutes * 60), *_plain_gradio(drawings, minutes * 60)]


def _drawings() -> list[np.ndarray]:
    """Ink (280, 280), white on black: digits of the test set, ten times as large."""
    test = load_dataset("mnist", Workspace.from_environment()).test
    chosen = np.random.default_rng(SEED).choice(len(test), DRAWINGS, replace=False)
    return [np.asarray(Image.fromarray(test.images[index]).resize((280, 280))) for index in chosen]


def _png(ink: np.ndarray) -> bytes:
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
            wait_until(run.steps_file.exists, 180, "the first steps of the training")
            pictures, canvases = [_png(ink) for ink in drawings], [canvas(ink) for ink in drawings]

            async def ask(connection: Connection, number: int) -> None:
                status, _ = await connection.request("POST", "/api/predict", pictures[number % DRAWINGS])
                if status != 200:
                    raise ValueError(status)

            # What reads pictures starts at the first of them.
            asyncio.run(at_rate(dashboard.port, 1, 5, ask))

            def visit(number: int, tally: Tally) -> Awaitable[None]:
                return _visit_page(dashboard.port, canvases, number, seconds, tally)

            measured = _measure(dashboard.port, dashboard.process.pid, seconds, visit, ask)
            trained = run.status().state == "running"
        finally:
            end_all(workspace)
            dashboard.stop()
    return [*_figures("Trazo", *measured), Figure("Trazo: the training went on meanwhile (1: yes)", float(trained), "")]


async def _visit_page(port: int, canvases: list[str], number: int, seconds: float, tally: Tally) -> None:
    chance = random.Random(number)
    end = time.perf_counter() + seconds
    await asyncio.sleep(chance.uniform(0, PAUSE_SECONDS * 2))
    try:
        async with PageSession(port) as page:
            while time.perf_counter() < end:
                began = time.perf_counter()
                tally.add(await page.draw(chance.choice(canvases)))
                await asyncio.sleep(max(0.0, PAUSE_SECONDS - (time.perf_counter() - began)))
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
            files = asyncio.run(_upload(port, [_png(ink) for ink in drawings]))

            async def ask(connection: Connection, number: int) -> None:
                await _predict(connection, files[number % DRAWINGS])

            def visit(number: int, tally: Tally) -> Awaitable[None]:
                return _visit_sketchpad(port, files, number, seconds, tally)

            measured = _measure(port, process.pid, seconds, visit, ask)
        finally:
            process.terminate()
            process.wait(20)
    return _figures("Plain Gradio with `model.predict`", *measured)


async def _upload(port: int, pictures: list[bytes]) -> list[str]:
    """The paths under which the sketchpad's server keeps the pictures: sent once, which spares it the uploads."""
    connection, kind = Connection(port), "multipart/form-data; boundary=b"
    paths = []
    for picture in pictures:
        head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        _, answer = await connection.request("POST", f"{_GRADIO}/upload", head + picture + b"\r\n--b--\r\n", kind)
        paths.append(json.loads(answer)[0])
    connection.close()
    return paths


async def _predict(connection: Connection, path: str) -> None:
    """What `gradio_client` does: join the queue, and read the events until the end."""
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    body = json.dumps({"data": [{"background": None, "layers": [], "composite": file}]}).encode()
    status, answer = await connection.request("POST", f"{_GRADIO}/call/predict", body, "application/json")
    if status != 200:
        raise ValueError(status)
    _, events = await connection.request("GET", f"{_GRADIO}/call/predict/{json.loads(answer)['event_id']}")
    if b"event: complete" not in events:
        raise ValueError(events[:100])


async def _visit_sketchpad(port: int, files: list[str], number: int, seconds: float, tally: Tally) -> None:
    chance, connection = random.Random(number), Connection(port)
    end = time.perf_counter() + seconds
    await asyncio.sleep(chance.uniform(0, PAUSE_SECONDS * 2))
    while time.perf_counter() < end:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(10):
                await _predict(connection, chance.choice(files))
            tally.add(time.perf_counter() - began)
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError) as error:
            tally.errors.append(type(error).__name__)
            connection.close()
        await asyncio.sleep(max(0.0, PAUSE_SECONDS - (time.perf_counter() - began)))
    connection.close()


Visit = Callable[[int, Tally], Awaitable[None]]


def _measure(
    port: int, pid: int, seconds: float, visit: Visit, ask: Callable[[Connection, int], Awaitable[None]]
) -> tuple[Tally, Tally, list[float]]:
    """Pages, requests and the server's memory in MB, over the time of the load."""
    # uvloop, where there is one: the visitors share the machine with what they measure.
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        return runner.run(_measured(port, pid, seconds, visit, ask))


async def _measured(
    port: int, pid: int, seconds: float, visit: Visit, ask: Callable[[Connection, int], Awaitable[None]]
) -> tuple[Tally, Tally, list[float]]:
    pages, memory, process = Tally(), list[float](), psutil.Process(pid)

    async def watch() -> None:
        while True:
            memory.append(_memory(process))
            await asyncio.sleep(_MEMORY_EVERY)

    watching = asyncio.create_task(watch())
    visits = [asyncio.ensure_future(visit(number, pages)) for number in range(PAGES)]
    requests = await at_rate(port, REQUESTS_PER_SECOND, seconds, ask)
    await asyncio.gather(*visits)
    watching.cancel()
    return pages, requests, memory


def _memory(process: psutil.Process) -> float:
    """MB of a server and of the processes that it started."""
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True))) / 2**20


def _figures(name: str, pages: Tally, requests: Tally, memory: list[float]) -> list[Figure]:
    figures = []
    for what, tally in ((f"a drawing on one of {PAGES} pages", pages), (f"{REQUESTS_PER_SECOND} requests/s", requests)):
        asked = len(tally.seconds) + len(tally.errors)
        figures.append(Figure(f"{name}: {what}: asked", asked, ""))
        figures.append(Figure(f"{name}: {what}: errors (none within 10 s is one)", len(tally.errors), ""))
        if tally.seconds:
            figures.append(Figure(f"{name}: {what}: median", median(tally.seconds) * 1000, "ms"))
            seconds, first = np.array(tally.seconds), np.array(tally.done) < _OPENING_SECONDS
            for when, some in (("", seconds), (" in the first minute", seconds[first]), (" later", seconds[~first])):
                if some.size:
                    figures.append(Figure(f"{name}: {what}: p95{when}", float(np.percentile(some, 95)) * 1000, "ms"))
    tenth = max(1, len(memory) // 10)
    figures.append(Figure(f"{name}: memory, mean of the second tenth", float(np.mean(memory[tenth : 2 * tenth])), "MB"))
    figures.append(Figure(f"{name}: memory, mean of the last tenth", float(np.mean(memory[-tenth:])), "MB"))
    figures.append(Figure(f"{name}: memory, most", max(memory), "MB"))
    return figures


def _wait_for(port: int, path: str) -> None:
    def answers() -> bool:
        try:
            return asyncio.run(Connection(port).request("GET", path))[0] == 200
        except (OSError, asyncio.IncompleteReadError):
            return False

    wait_until(answers, 120, path)
