"""The axes and lines of parallel coordinates for existing runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.config import differing_settings, flatten_settings
from core.language import tr
from core.runs.summary import Summary
from dashboard.runs.metrics import METRICS
from dashboard.runs.parallel_axes import Axis, Line, accuracy_axis, choice_axis, number_axis, shades
from dashboard.training.wording import SETTINGS, display_value

MAX_DEFAULT_SETTINGS = 5
"""Maximum number of settings that get an axis by default; the titles of more axes do not fit on a laptop screen."""

_OMITTED_SETTINGS = ("seed", "preset")
"""Settings without an axis by default: a source of randomness, and a name for a combination of other settings."""
_MAX_DISTINCT_TICKS = 5
"""If a setting, such as the batch size, has at most this many distinct values, each value gets a tick."""
_MIN_LOG_RATIO = 20
"""Minimum ratio between the largest and the smallest value for a logarithmic axis."""


def runs_with_results(rows: Sequence[Summary]) -> list[Summary]:
    """Return the runs with settings and an accuracy on test or validation images."""
    return [row for row in rows if row.config and (row.accuracy is not None or row.validation_accuracy is not None)]


def axis_choices(rows: Sequence[Summary]) -> list[str]:
    """Return the keys of the possible axes: settings in which the runs differ, then measured metrics."""
    settings = differing_settings([row.config for row in rows if row.config])
    measured = [name for name, metric in METRICS.items() if any(metric.value(row) is not None for row in rows)]
    return [*settings, *measured]


def default_axes(rows: Sequence[Summary]) -> list[str]:
    """Return the keys of the axes shown by default: some settings, and the accuracy that most runs have."""
    choices = axis_choices(rows)
    settings = [name for name in choices if name in SETTINGS and name not in _OMITTED_SETTINGS][:MAX_DEFAULT_SETTINGS]
    return [*settings, *([result] if (result := accuracy_metric(rows)) in choices else [])]


def accuracy_metric(rows: Sequence[Summary]) -> str:
    """Return the metric that colours the lines: the test accuracy, unless more runs have a validation accuracy."""
    tested = sum(row.accuracy is not None for row in rows)
    validated = sum(row.validation_accuracy is not None for row in rows)
    return "Test accuracy" if tested >= validated else "Validation accuracy"


def axis_title(key: str) -> str:
    """Return the title of an axis."""
    return tr(SETTINGS[key].label if key in SETTINGS else key)


def run_axes(rows: Sequence[Summary], keys: Sequence[str]) -> list[Axis]:
    """Return the axes with these keys, which are the names of settings and metrics."""
    return [_metric_axis(key, rows) if key in METRICS else _setting_axis(key, rows) for key in keys]


def run_lines(rows: Sequence[Summary], names: dict[str, str], selected: Collection[str]) -> list[Line]:
    """Return a line for each run; selected runs stand out."""
    shaded = shades(_metric_axis(accuracy_metric(rows), rows))
    return [Line(names[row.id], shade, best=row.id in selected) for row, shade in zip(rows, shaded, strict=True)]


def _metric_axis(name: str, rows: Sequence[Summary]) -> Axis:
    metric = METRICS[name]
    values = [metric.value(row) for row in rows]
    if metric.is_fraction:
        return accuracy_axis(name, axis_title(name), values)
    return number_axis(name, axis_title(name), values, logarithmic=_has_wide_range(values))


def _setting_axis(name: str, rows: Sequence[Summary]) -> Axis:
    values = [flatten_settings(row.config)[name] if row.config else None for row in rows]
    if all(isinstance(value, int | float) or value is None for value in values):
        distinct = sorted({value for value in values if value is not None})
        ticks = distinct if len(distinct) <= _MAX_DISTINCT_TICKS else ()
        return number_axis(name, axis_title(name), values, logarithmic=_has_wide_range(values), ticks=ticks)
    texts = [None if value is None else display_value(name, value) for value in values]
    return choice_axis(name, axis_title(name), texts)


def _has_wide_range(values: Sequence[float | None]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and min(known) > 0 and max(known) >= _MIN_LOG_RATIO * min(known)
