"""The live curve: loss and accuracy of a training's latest steps, a point every few hundred images."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.runs.run import Run
from core.runs.tables import STEP_COLUMNS, append_row, drop_last_row

POINT_IMAGES = 512
"""Fewest images in a point: a mean over fewer is mostly noise (at 90 % accuracy, 512 images tell it to 2.6 points)."""

POINT_SECONDS = 0.4
"""Shortest time between two points in seconds: a browser shows no more."""

POINT_SHARE = 0.001
"""Shortest time between two points as a share of the run so far: a run of days keeps a file below 1 MB."""

VALIDATION_SAMPLE = 500
"""Validation images of a point. MNIST is in no particular order, so the first ones are a fair sample."""

VALIDATION_SECONDS = 1.5
"""Shortest time between two validation points in seconds."""

VALIDATION_SHARE = 0.05
"""Largest share of a training's time that validation points may cost."""


@dataclass(frozen=True)
class _Mark:
    """A place in an epoch: steps so far, their seconds of training, and their mean loss and accuracy."""

    step: int = 0
    seconds: float = 0.0
    loss: float = 0.0
    accuracy: float = 0.0

    def since(self, start: _Mark) -> tuple[float, float]:
        """Return mean loss and accuracy of the steps since `start`."""
        steps = self.step - start.step
        loss = (self.loss * self.step - start.loss * start.step) / steps
        accuracy = (self.accuracy * self.step - start.accuracy * start.step) / steps
        # Differences of rounded means may leave the range.
        return max(loss, 0.0), min(max(accuracy, 0.0), 1.0)


class LiveCurve:
    """Writes the points of a run's `steps.csv`.

    A point covers at least POINT_IMAGES images. An epoch ends with a point; what is left for it joins the point before
    if it covers fewer. Only an epoch with fewer images altogether has a smaller point.
    """

    def __init__(self, run: Run, batch_size: int, measure: Callable[[int], tuple[float, float]]) -> None:
        """`measure(count)`: returns loss and accuracy on the first validation images."""
        self._file, self._batch_size, self._measure = run.steps_file, batch_size, measure
        self._epoch, self._steps_before = 0, 0
        self._start, self._start_before = _Mark(), _Mark()
        self._overhead = 0.0
        self._measured: tuple[float | None, float | None] = None, None
        self._next_measurement = 0.0
        self.images_per_second: float | None = None

    def begin_epoch(self, epoch: int, steps_before: int, seconds: float) -> None:
        """Begin an epoch (counted from 1) after `steps_before` steps and `seconds` of training."""
        self._epoch, self._steps_before = epoch, steps_before
        self._start = self._start_before = _Mark(seconds=seconds - self._overhead)

    def add_step(self, step: int, seconds: float, logs: Mapping[str, float], *, last: bool) -> None:
        """Take in a step of the epoch, counted from 1, with Keras' running means; `last`: no step follows in it."""
        end = _Mark(step, seconds - self._overhead, logs["loss"], logs["accuracy"])
        if last or self._is_due(end, seconds):
            began = time.perf_counter()
            self._write_point(end, seconds)
            # Time spent here is not time spent training.
            self._overhead += time.perf_counter() - began

    def _is_due(self, end: _Mark, seconds: float) -> bool:
        waited = end.seconds - self._start.seconds
        return self._covers_enough(end) and waited >= max(POINT_SECONDS, seconds * POINT_SHARE)

    def _covers_enough(self, end: _Mark) -> bool:
        return (end.step - self._start.step) * self._batch_size >= POINT_IMAGES

    def _write_point(self, end: _Mark, seconds: float) -> None:
        measured = self._measure_now_and_then(seconds)
        if self._start.step and not self._covers_enough(end):
            drop_last_row(self._file)
            self._start = self._start_before
            measured = self._measured if measured[0] is None else measured
        steps, elapsed = end.step - self._start.step, end.seconds - self._start.seconds
        self.images_per_second = steps * self._batch_size / max(elapsed, 1e-9)
        place = self._steps_before + end.step, self._epoch, seconds
        append_row(self._file, STEP_COLUMNS, (*place, *end.since(self._start), *measured, self.images_per_second))
        self._start_before, self._start, self._measured = self._start, end, measured

    def _measure_now_and_then(self, seconds: float) -> tuple[float | None, float | None]:
        """Return loss and accuracy on the validation sample, or nothing if that was measured a moment ago."""
        if seconds < self._next_measurement:
            return None, None
        began = time.perf_counter()
        measured = self._measure(VALIDATION_SAMPLE)
        cost = time.perf_counter() - began
        self._next_measurement = seconds + max(VALIDATION_SECONDS, cost / VALIDATION_SHARE)
        return measured
