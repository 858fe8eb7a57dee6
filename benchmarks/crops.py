"""Large digits in tightly cropped pictures: agreement between reading the picture and reading its ink."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from benchmarks.photos import validation_digits
from benchmarks.report import Figure
from benchmarks.scenes import encoded, jpeg, on_paper, tightly_cropped, written
from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor
from core.errors import DataError
from core.ink.photo import ink_from_picture
from core.workspace import SHIPPED_BUNDLE

MARGINS = (0.0, 0.02, 0.05, 0.1)
"""Empty margin on each side, as a fraction of the ink's longest side."""
PENS = {"thin": -1.6, "bold": 1.6}
"""Change of MNIST's stroke width, in pixels of the 28x28 image."""
GROUNDS = {"dark on light": (235.0, 45.0), "light on dark": (25.0, 225.0)}
"""Brightness of the ground and of the pen, 0..255."""
SEED = 4

Picture = tuple[np.ndarray, bytes]


def crops() -> list[Figure]:
    """Measure the agreement on a sample of MNIST's validation digits; return nothing without MNIST."""
    try:
        images, _ = validation_digits()
    except DataError:
        return []
    return agreement(images, Predictor(Bundle(SHIPPED_BUNDLE)))


def agreement(images: np.ndarray, predictor: Predictor) -> list[Figure]:
    """Return, for each margin, the share of pictures whose predicted class is that of the same ink on the canvas."""
    same: dict[float, list[bool]] = {margin: [] for margin in MARGINS}
    for index, image in enumerate(images):
        for margin, (ink, data) in pictures(image, np.random.default_rng((SEED, index))):
            same[margin].append(predictor.read(ink).digit == predictor.read(ink_from_picture(data)).digit)
    figures = [
        Figure(f"Same predicted class with a margin of {margin:.0%}", 100 * float(np.mean(agrees)), "%")
        for margin, agrees in same.items()
    ]
    mean = float(np.mean([figure.value for figure in figures]))
    return [*figures, Figure("Same predicted class, mean of these margins", mean, "%")]


def pictures(image: np.ndarray, generator: np.random.Generator) -> Iterator[tuple[float, Picture]]:
    """Yield margin, ink uint8 (h, w) and file for each margin, pen and ground, as PNG and as noisy JPEG."""
    for pen in PENS.values():
        ink = tightly_cropped(written(image, generator, share=(0.3, 0.8), pen=pen))
        for margin, (ground, stroke) in product(MARGINS, GROUNDS.values()):
            framed = np.pad(ink, round(margin * max(ink.shape)))
            picture, levels = on_paper(framed, ground, stroke), (255 * framed).astype(np.uint8)
            yield margin, (levels, encoded(picture.astype(np.uint8)))
            yield margin, (levels, jpeg(picture, generator))
