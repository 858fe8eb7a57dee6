"""What the dashboard process costs: time to the first answer, memory and processor when idle."""

from __future__ import annotations

import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median
from urllib.error import HTTPError

import psutil

from benchmarks.report import Figure
from tests.support.dashboard_process import DashboardProcess
from tests.support.waiting import wait_until

STARTS = 5
IDLE_SECONDS = 10.0


def serving() -> list[Figure]:
    """Median of several starts; memory and processor once Gradio is loaded."""
    starts, memory, busy = zip(*(_start_once() for _ in range(STARTS)), strict=True)
    return [
        Figure(f"`python -m dashboard` to its first page, median of {STARTS} starts", median(starts), "s"),
        Figure("Memory of the idle dashboard with Gradio loaded, median", median(memory), "MB"),
        Figure("Time that the idle dashboard keeps a processor busy, median", median(busy) * 100, "%"),
    ]


def _start_once() -> tuple[float, float, float]:
    """Seconds from the start to the first page; with Gradio loaded: memory in MB, share 0..1 of a processor's time."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        dashboard = DashboardProcess(Path(folder))
        try:
            _answers(dashboard.url + "/")
            seconds = time.perf_counter() - began
            wait_until(lambda: _answers(dashboard.url + "/gradio/"), 60, "Gradio")
            process = psutil.Process(dashboard.process.pid)
            memory = process.memory_info().rss / 2**20
            return seconds, memory, process.cpu_percent(IDLE_SECONDS) / 100
        finally:
            dashboard.stop()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status == 200
    except HTTPError:
        return False
