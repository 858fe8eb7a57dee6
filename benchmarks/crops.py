"""Large digits in tightly cropped pictures: agreement between the predictions for picture and ink."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from benchmarks.photos import validation_digits
from benchmarks.report import Figure
from benchmarks.scenes import encoded, jpeg, on_paper, tightly_cropped, written
from core.classifier.bundle import Bundle
from core.classifier.number_reader import read_digit
from core.classifier.predictor import Predictor
from core.errors import DataError
from core.ink.photo import ink_from_picture
from core.workspace import SHIPPED_BUNDLE

MARGINS = (0.0, 0.02, 0.05, 0.1)
"""Empty margin on each side, as a fraction of the ink's longest side."""
PENS = {"thin": -1.6, "bold": 1.6}
"""Change in MNIST's stroke width, in pixels of the 28x28 image."""
BACKGROUNDS = {"dark on light": (235.0, 45.0), "light on dark": (25.0, 225.0)}
"""Brightness of the background and of the pen, 0..255."""
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
    """Return the fraction of pictures at each margin with the same predicted class as their ink on the canvas."""
    agreements: dict[float, list[bool]] = {margin: [] for margin in MARGINS}
    for index, image in enumerate(images):
        for margin, (ink, data) in pictures(image, np.random.default_rng((SEED, index))):
            picture_reading = read_digit(predictor, ink_from_picture(data))
            agreements[margin].append(predictor.read(ink).digit == picture_reading.digit)
    figures = [
        Figure(f"Same predicted class with a margin of {margin:.0%}", 100 * float(np.mean(values)), "%")
        for margin, values in agreements.items()
    ]
    mean = float(np.mean([figure.value for figure in figures]))
    return [*figures, Figure("Same predicted class, mean of these margins", mean, "%")]


def pictures(image: np.ndarray, generator: np.random.Generator) -> Iterator[tuple[float, Picture]]:
    """Yield the margin, ink uint8 (h, w) and file, as PNG and as noisy JPEG, for each margin, pen and background."""
    for pen in PENS.values():
        ink = tightly_cropped(written(image, generator, share=(0.3, 0.8), pen=pen))
        for margin, (background, stroke) in product(MARGINS, BACKGROUNDS.values()):
            framed = np.pad(ink, round(margin * max(ink.shape)))
            picture, framed_ink = on_paper(framed, background, stroke), (255 * framed).astype(np.uint8)
            yield margin, (framed_ink, encoded(picture.astype(np.uint8)))
            yield margin, (framed_ink, jpeg(picture, generator))
