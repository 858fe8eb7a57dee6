"""The live curve: loss and accuracy during training, with a point every few hundred images."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.runs.run import Run
from core.runs.tables import STEP_COLUMNS, append_row, drop_last_row

MIN_POINT_IMAGES = 512
"""Minimum number of images per point; with fewer images, the mean is mostly noise.

At 90% accuracy, the 95% confidence interval for 512 images is ±2.6 percentage points.
"""

MIN_POINT_SECONDS = 0.4
"""Minimum time between two points, because the browser does not refresh more often."""

MIN_POINT_FRACTION = 0.001
"""Minimum time between two points as a fraction of the training time so far.

This keeps the file of a run that takes several days below 1 MB.
"""

VALIDATION_IMAGES = 500
"""Number of validation images per point. The first images are a fair sample, because MNIST is in random order."""

MIN_VALIDATION_SECONDS = 1.5
"""Minimum time between two validation points."""

MAX_VALIDATION_FRACTION = 0.05
"""Maximum fraction of the training time that validation points may take."""

MAX_WATCHING_FRACTION = 0.02
"""Maximum fraction of the training time that predictions for the watched images may take."""


@dataclass(frozen=True)
class _Mark:
    """A position in an epoch: steps and images so far, seconds of training, mean loss and accuracy of these images."""

    step: int = 0
    images: int = 0
    seconds: float = 0.0
    loss: float = 0.0
    accuracy: float = 0.0

    def since(self, start: _Mark) -> tuple[float, float]:
        """Return the mean loss and accuracy of the images since `start`."""
        images = self.images - start.images
        loss = (self.loss * self.images - start.loss * start.images) / images
        accuracy = (self.accuracy * self.images - start.accuracy * start.images) / images
        # Rounding errors may push the differences out of range.
        return max(loss, 0.0), min(max(accuracy, 0.0), 1.0)


class LiveCurve:
    """Writes the points of a run's `steps.csv`.

    A point covers at least MIN_POINT_IMAGES images. The last point of an epoch ends with the epoch; if too few images
    are left for that point, they are added to the previous one. Only an epoch with fewer images than that has a smaller
    point.
    """

    def __init__(
        self,
        run: Run,
        batch_size: int,
        images_in_epoch: int,
        evaluate: Callable[[int], tuple[float, float]],
        watch: Callable[[], None] = lambda: None,
    ) -> None:
        """`evaluate(count)` returns the loss and the accuracy on the first `count` validation images; `watch()`
        publishes the predictions for the watched images, at some points of the curve.
        """
        self._watch, self._next_watch = watch, 0.0
        self._file, self._evaluate = run.steps_file, evaluate
        self._batch_size, self._images_in_epoch = batch_size, images_in_epoch
        self._epoch, self._steps_before = 0, 0
        self._start, self._previous_start = _Mark(), _Mark()
        self._overhead = 0.0
        self._metrics: tuple[float | None, float | None] = None, None
        self._next_evaluation = 0.0
        self.images_per_second: float | None = None

    def begin_epoch(self, epoch: int, steps_before: int, seconds: float) -> None:
        """Begin an epoch (counted from 1) after `steps_before` steps and `seconds` of training time."""
        self._epoch, self._steps_before = epoch, steps_before
        self._start = self._previous_start = _Mark(seconds=seconds - self._overhead)

    def add_step(self, step: int, seconds: float, logs: Mapping[str, float], *, last: bool) -> None:
        """Add a step, counted from 1 in the epoch, with Keras's running means. `last`: True if it ends the epoch."""
        images = min(step * self._batch_size, self._images_in_epoch)
        end = _Mark(step, images, seconds - self._overhead, logs["loss"], logs["accuracy"])
        if last or self._is_due(end, seconds):
            start = time.perf_counter()
            self._write_point(end, seconds)
            self._watch_if_due(seconds)
            # Writing a point does not count as training time.
            self._overhead += time.perf_counter() - start

    def _is_due(self, end: _Mark, seconds: float) -> bool:
        elapsed = end.seconds - self._start.seconds
        return self._covers_enough(end) and elapsed >= max(MIN_POINT_SECONDS, seconds * MIN_POINT_FRACTION)

    def _covers_enough(self, end: _Mark) -> bool:
        return end.images - self._start.images >= MIN_POINT_IMAGES

    def _write_point(self, end: _Mark, seconds: float) -> None:
        metrics = self._evaluate_if_due(seconds)
        if self._start.step and not self._covers_enough(end):
            drop_last_row(self._file)
            self._start = self._previous_start
            metrics = self._metrics if metrics[0] is None else metrics
        images, elapsed = end.images - self._start.images, end.seconds - self._start.seconds
        self.images_per_second = images / max(elapsed, 1e-9)
        position = self._steps_before + end.step, self._epoch, seconds
        append_row(self._file, STEP_COLUMNS, (*position, *end.since(self._start), *metrics, self.images_per_second))
        self._previous_start, self._start, self._metrics = self._start, end, metrics

    def _watch_if_due(self, seconds: float) -> None:
        if seconds < self._next_watch:
            return
        start = time.perf_counter()
        self._watch()
        self._next_watch = seconds + (time.perf_counter() - start) / MAX_WATCHING_FRACTION

    def _evaluate_if_due(self, seconds: float) -> tuple[float | None, float | None]:
        """Return the loss and accuracy on the validation sample, or (None, None) if the last values are too recent."""
        if seconds < self._next_evaluation:
            return None, None
        start = time.perf_counter()
        metrics = self._evaluate(VALIDATION_IMAGES)
        cost = time.perf_counter() - start
        self._next_evaluation = seconds + max(MIN_VALIDATION_SECONDS, cost / MAX_VALIDATION_FRACTION)
        return metrics
