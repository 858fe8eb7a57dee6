"""Latency of repeated calls."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np


def milliseconds(call: Callable[[int], object], repeats: int, warm_up: int = 10) -> tuple[float, float]:
    """Return the median and 95th percentile of `call(index)` in milliseconds, after `warm_up` untimed calls."""
    for index in range(warm_up):
        call(index)
    latencies = []
    for index in range(repeats):
        start = time.perf_counter()
        call(index)
        latencies.append((time.perf_counter() - start) * 1000)
    return float(np.percentile(latencies, 50)), float(np.percentile(latencies, 95))
