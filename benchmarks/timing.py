"""Timing a call many times."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np


def milliseconds(call: Callable[[int], object], repeats: int, warm_up: int = 10) -> tuple[float, float]:
    """Median and 95th percentile of `call(index)` in milliseconds, after some calls that are not counted."""
    for index in range(warm_up):
        call(index)
    spent = []
    for index in range(repeats):
        began = time.perf_counter()
        call(index)
        spent.append((time.perf_counter() - began) * 1000)
    return float(np.percentile(spent, 50)), float(np.percentile(spent, 95))
