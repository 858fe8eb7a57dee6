"""Startup time of the dashboard, and its memory and CPU usage when idle."""

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
"""Time over which the CPU usage is averaged."""


def serving() -> list[Figure]:
    """Start the dashboard several times; return medians of startup time, memory and CPU usage."""
    startup, memory, cpu = zip(*(_start_once() for _ in range(STARTS)), strict=True)
    return [
        Figure(f"`python -m dashboard` until the first page is served, median of {STARTS}", median(startup), "s"),
        Figure(f"Memory when idle with Gradio loaded, median of {STARTS}", median(memory), "MB"),
        Figure(f"CPU usage when idle (100% = one core), median of {STARTS}", median(cpu), "%"),
    ]


def _start_once() -> tuple[float, float, float]:
    """Return the seconds to the first page and, with Gradio loaded, the memory in MB and the CPU usage in percent."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        dashboard = DashboardProcess(Path(folder))
        try:
            responds(dashboard.url + "/")
            seconds = time.perf_counter() - start
            wait_until_loaded(dashboard)
            process = psutil.Process(dashboard.process.pid)
            memory = process.memory_info().rss / 2**20
            return seconds, memory, process.cpu_percent(IDLE_SECONDS)
        finally:
            dashboard.stop()


def wait_until_loaded(dashboard: DashboardProcess) -> None:
    """Wait until the dashboard has loaded Gradio, which it loads last."""
    wait_until(lambda: responds(dashboard.url + "/gradio/"), 120, "Gradio")


def responds(url: str) -> bool:
    """Return True if the response to a GET request has the status 200."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.status == 200
    except HTTPError:
        return False
