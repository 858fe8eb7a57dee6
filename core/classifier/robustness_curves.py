"""Accuracy at increasing levels of each disturbance, measured on validation images on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.classifier import robustness
from core.classifier.network import Network
from core.data.datasets import Split
from core.handwriting.pen_digits import CANVAS_SIZE
from core.handwriting.tracing import RedrawRanges, centre_line

MAX_ALTERED_IMAGES = 500
"""Maximum number of altered images at each level; one level takes about 0.07 s."""

MAX_REDRAWN_IMAGES = 200
"""Maximum number of redrawn images at each level; one level takes about 0.15 s."""

_SEED = 20261129
"""Random seed of the noise and of the directions of shifts: they are the same at each level, and noise is amplified."""

_Lines = list[np.ndarray]
_Alteration = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


def _redraw(lines: _Lines, width: float) -> np.ndarray:
    """Draw the lines with a brush of this width, in pixels of the Draw page's canvas."""
    return robustness.redraw_all(lines, RedrawRanges(brush=_brush(width)))


def _brush(width: float) -> tuple[float, float]:
    return (width / CANVAS_SIZE, width / CANVAS_SIZE)


_DRAWN_KINDS: dict[str, tuple[tuple[float, ...], Callable[[_Lines, float], np.ndarray]]] = {
    "turned": ((0, 10, 20, 30, 40, 50, 60), robustness.rotate_all),
    "tiny": (
        (0.6, 0.3, 0.12, 0.08, 0.05, 0.03),
        lambda lines, size: robustness.redraw_all(lines, RedrawRanges(size=(size, size), brush=_brush(5))),
    ),
    "thin_pen": ((20, 10, 4, 1), _redraw),
    "fat_pen": ((20, 35, 50, 65, 80), _redraw),
}
"""Levels, mildest first, and the function that draws lines at one of them, by field of Robustness."""

_ALTERED_KINDS: dict[str, tuple[tuple[float, ...], _Alteration]] = {
    "shifted": ((0, 1, 2, 3, 4, 5, 6, 7, 8), lambda images, pixels, rng: robustness.shift(images, int(pixels), rng)),
    "shrunk": (
        (1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3),
        lambda images, scale, _: robustness.warp(images, scale=scale),
    ),
    "noisy": ((0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7), robustness.add_noise),
    "blurred": ((0, 0.5, 1, 1.5, 2, 2.5, 3), lambda images, sigma, _: robustness.blur(images, sigma)),
    "faded": (
        (1, 0.8, 0.6, 0.4, 0.3, 0.2, 0.1, 0.05),
        lambda images, fraction, _: robustness.fade(images, fraction),
    ),
}

KINDS = (*_DRAWN_KINDS, *_ALTERED_KINDS)
"""Names of the disturbances, which are also the names of fields of Robustness."""


@dataclass(frozen=True)
class RobustnessCurve:
    """Accuracies in 0..1 at the levels of one disturbance; `levels`: mildest first."""

    levels: tuple[float, ...]
    accuracies: tuple[float, ...]

    def first_level_below(self, accuracy: float) -> float | None:
        """Return the level, interpolated, at which the curve first falls below an accuracy, or None."""
        if self.accuracies[0] < accuracy:
            return self.levels[0]
        for (milder, higher), (stronger, lower) in pairwise(zip(self.levels, self.accuracies, strict=True)):
            if lower < accuracy:
                return milder + (stronger - milder) * (higher - accuracy) / (higher - lower)
        return None


def measure_curves(network: Network, validation: Split) -> Mapping[str, RobustnessCurve]:
    """Measure a curve for each of KINDS on a sample of validation images, the same for every network.

    Takes a few seconds. Raises BundleError if the network cannot be run.
    """
    sample, labels = robustness.sample(validation, MAX_ALTERED_IMAGES)
    lines = [centre_line(image) for image in sample[:MAX_REDRAWN_IMAGES]]
    curves = {}
    for name, (levels, draw) in _DRAWN_KINDS.items():
        drawn_images = (draw(lines, level) for level in levels)
        curves[name] = _curve(network, levels, drawn_images, labels[:MAX_REDRAWN_IMAGES])
    for name, (levels, alter) in _ALTERED_KINDS.items():
        altered_images = (alter(sample, level, np.random.default_rng(_SEED)) for level in levels)
        curves[name] = _curve(network, levels, altered_images, labels)
    return curves


def _curve(
    network: Network, levels: tuple[float, ...], images: Iterable[np.ndarray], labels: np.ndarray
) -> RobustnessCurve:
    accuracies = tuple(robustness.accuracy(network, altered, labels) for altered in images)
    return RobustnessCurve(levels, accuracies)
