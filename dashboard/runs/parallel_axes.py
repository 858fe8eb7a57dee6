"""Parallel coordinates: an axis for each setting and metric, and a line for each trial or run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from core.language import number, tr
from dashboard.training.log_ticks import even_ticks, log_ticks

MIN_ERROR = 1e-5
"""Smaller errors are drawn at this value, because a logarithmic scale has no 0; it is less than 1 error in 60,000."""

_MAX_TICKS = 7
_CHOICE_SPREAD = 0.05
"""Fraction of an axis over which the lines through one choice are spread, so that they can be counted."""


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high`, its ticks, and the value of each line on its scale, or None if it has no value.

    `ticks`: pairs of a value and its label. `texts`: the value of each line as text. `spread`: fraction of the axis
    over which lines with the same value are spread.
    """

    key: str
    title: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    values: tuple[float | None, ...]
    texts: tuple[str, ...]
    spread: float = 0.0


@dataclass(frozen=True)
class Line:
    """A trial or a run: its name, and its shade from 0 (worst) to 1 (best), or None for a faint line."""

    name: str
    shade: float | None = None
    best: bool = False


def _six_digits(value: float) -> str:
    return number(value, ",.6g")


def number_axis(
    key: str,
    title: str,
    values: Sequence[float | None],
    *,
    logarithmic: bool = False,
    limits: tuple[float, float] | None = None,
    ticks: Sequence[float] = (),
    text: Callable[[float], str] = _six_digits,
) -> Axis:
    """Return a numeric axis.

    `limits`: bounds that the axis covers, besides all values. `ticks`: by default, round numbers. `text`: formats a
    value, by default in the reader's language.

    `logarithmic` has no effect if a value or a limit is not above 0.
    """
    known = [value for value in values if value is not None]
    low, high = (min([*(limits or ()), *known]), max([*(limits or ()), *known])) if known or limits else (0.0, 1.0)
    logarithmic = logarithmic and low > 0
    tick_values = ticks or _round_ticks(low, high, logarithmic=logarithmic)
    scale: Callable[[float], float] = math.log10 if logarithmic else float
    low, high = _widen(scale(low), scale(high))
    return Axis(
        key,
        title,
        low,
        high,
        tuple((scale(tick), text(tick)) for tick in tick_values),
        tuple(None if value is None else scale(value) for value in values),
        tuple("–" if value is None else text(value) for value in values),
    )


def accuracy_axis(key: str, title: str, values: Sequence[float | None]) -> Axis:
    """Return the axis of an accuracy (0..1) on a logarithmic scale of the error.

    On a linear scale, one diverged trial would push all others to the end of the axis.
    """
    errors = [None if value is None else max(1 - value, MIN_ERROR) for value in values]
    axis = number_axis(
        key,
        title,
        errors,
        logarithmic=True,
        text=lambda error: tr("{percentage:.5g}%", percentage=100 * (1 - error)),
    )
    return Axis(
        key,
        title,
        -axis.high,
        -axis.low,
        tuple((-tick, text) for tick, text in reversed(axis.ticks)),
        tuple(None if value is None else -value for value in axis.values),
        tuple("–" if value is None else number(value, ".2%") for value in values),
    )


def choice_axis(key: str, title: str, values: Sequence[str | None], order: Sequence[str] = ()) -> Axis:
    """Return a categorical axis; `order`: the choices from bottom to top, followed by any other values."""
    choices = list(dict.fromkeys([*order, *sorted(value for value in values if value is not None)]))
    positions = {choice: float(position) for position, choice in enumerate(choices)}
    return Axis(
        key,
        title,
        -0.25,
        max(len(choices) - 0.75, 0.25),
        tuple((position, choice) for choice, position in positions.items()),
        tuple(None if value is None else positions[value] for value in values),
        tuple("–" if value is None else value for value in values),
        spread=_CHOICE_SPREAD,
    )


def within(axes: Sequence[Axis], ranges: Mapping[str, Any] | None) -> list[bool]:
    """Return, for each line, whether it lies in all ranges that the browser sent; malformed ranges are ignored.

    `ranges`: the lowest and the highest value on the scale of each axis, by the key of the axis; None is an open end.
    """
    inside = [True] * (len(axes[0].values) if axes else 0)
    for axis in axes:
        bounds = (ranges or {}).get(axis.key)
        if not isinstance(bounds, list | tuple) or len(bounds) != 2:
            continue
        low, high = (bound if isinstance(bound, int | float) else None for bound in bounds)
        for index, value in enumerate(axis.values):
            fits = value is not None and (low is None or value >= low) and (high is None or value <= high)
            inside[index] = inside[index] and fits
    return inside


def chart_data(axes: Sequence[Axis], lines: Sequence[Line]) -> dict[str, Any]:
    """Return the chart for the browser, without its colours; the best lines are drawn last."""
    rows = [
        {
            "name": line.name,
            "shade": line.shade,
            "best": line.best,
            "shift": _shift(index),
            "values": [None if axis.values[index] is None else round(axis.values[index] or 0.0, 5) for axis in axes],
            "texts": [axis.texts[index] for axis in axes],
        }
        for index, line in enumerate(lines)
    ]
    return {
        "axes": [
            {name: getattr(axis, name) for name in ("key", "title", "low", "high", "ticks", "spread")} for axis in axes
        ],
        "lines": sorted(rows, key=lambda row: -1.0 if row["shade"] is None else row["shade"]),
    }


def shades(axis: Axis, *, maximized: bool = True) -> list[float | None]:
    """Return the shade of each line according to its value on an axis: 1 for the best line."""
    span = axis.high - axis.low
    heights = [None if value is None else (value - axis.low) / span for value in axis.values]
    return [height if height is None or maximized else 1 - height for height in heights]


def _shift(index: int) -> float:
    """Return a number between -1 and 1 that looks random but is always the same for a given line."""
    return round(2 * (index * 0.618034 % 1) - 1, 3)  # multiples of the golden ratio spread evenly


def _widen(low: float, high: float) -> tuple[float, float]:
    """Return the ends of an axis, moved apart if they are equal."""
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _round_ticks(low: float, high: float, *, logarithmic: bool) -> list[float]:
    if logarithmic:
        return log_ticks(pd.Series([low, high]))
    ticks = even_ticks(low, high)
    return ticks[:: math.ceil(len(ticks) / _MAX_TICKS)]
