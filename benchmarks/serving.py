"""What the dashboard process costs: time to the first answer, memory when idle."""

from __future__ import annotations

import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median
from urllib.error import HTTPError

import psutil

from benchmarks.report import Figure
from tests.e2e.dashboard_process import DashboardProcess
from tests.waiting import wait_until

STARTS = 5


def serving() -> list[Figure]:
    """Median of several starts; memory once Gradio is loaded."""
    starts, memory = zip(*(_start_once() for _ in range(STARTS)), strict=True)
    return [
        Figure(f"`python -m dashboard` to its first page, median of {STARTS} starts", median(starts), "s"),
        Figure("Memory of the idle dashboard with Gradio loaded, median", median(memory), "MB"),
    ]


def _start_once() -> tuple[float, float]:
    """Seconds from the start of the process to the first page, and its memory in MB once Gradio is loaded."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        dashboard = DashboardProcess(Path(folder))
        try:
            _answers(dashboard.url + "/")
            seconds = time.perf_counter() - began
            wait_until(lambda: _answers(dashboard.url + "/gradio/"), 60, "Gradio")
            return seconds, psutil.Process(dashboard.process.pid).memory_info().rss / 2**20
        finally:
            dashboard.stop()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status == 200
    except HTTPError:
        return False
