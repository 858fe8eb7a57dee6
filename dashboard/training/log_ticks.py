"""The ticks of a logarithmic axis."""

from __future__ import annotations

import itertools
import math

import pandas as pd

_MAX_TICKS = 8
_MIN_TICKS = 3
_FACTORS = ((1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,))
"""Factors of powers of ten, from many ticks to few."""
_STEPS = (5, 2, 1)
"""Factors of powers of ten for the distance between evenly spaced ticks, from few ticks to many."""


def log_ticks(values: pd.Series) -> list[float]:
    """Return three to eight round numbers between the smallest and the largest value; all values must be above 0.

    Values that differ by less than a ten-thousandth get one tick.
    """
    if values.empty:
        return []
    low, high = float(values.min()), float(values.max())
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks_in_range: list[float] = []
    for factors in _FACTORS:
        ticks = [float(f"{factor}e{power}") for power in powers for factor in factors]
        ticks_in_range = [tick for tick in ticks if low <= tick <= high]
        if len(ticks_in_range) <= _MAX_TICKS:
            break
    if len(ticks_in_range) < _MIN_TICKS:
        return even_ticks(low, high)
    return ticks_in_range[:: math.ceil(len(ticks_in_range) / _MAX_TICKS)]


def even_ticks(low: float, high: float) -> list[float]:
    """Return multiples of 1, 2 or 5 times a power of ten, which look evenly spaced even on a short log scale."""
    # Labels show six digits, so closer ticks could get the same label.
    if math.isclose(low, high, rel_tol=1e-4):
        return [low]
    largest = math.floor(math.log10(high - low))
    ticks_in_range: list[float] = []
    for power, factor in itertools.product((largest, largest - 1), _STEPS):
        step = float(f"{factor}e{power}")
        multiples = range(math.ceil(low / step), math.floor(high / step) + 1)
        ticks = [float(f"{multiple * factor}e{power}") for multiple in multiples]
        ticks_in_range = [tick for tick in ticks if low <= tick <= high]
        if len(ticks_in_range) >= _MIN_TICKS:
            break
    return ticks_in_range
