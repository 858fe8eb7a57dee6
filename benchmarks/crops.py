"""Pictures that are cropped close to a large MNIST digit, compared with the same ink drawn on the canvas."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from benchmarks.report import Figure
from benchmarks.scenes import encoded, jpeg, on_paper, written
from core.classifier.predictor import Predictor
from core.ink.photo import ink_from_picture

MARGINS = (0.0, 0.02, 0.05, 0.1)
"""Empty margin on each side, as a fraction of the ink's longest side."""
PENS = {"thin": -1.6, "bold": 1.6}
"""Change of MNIST's stroke width, in pixels of 28."""
GROUNDS = {"dark on light": (235.0, 45.0), "light on dark": (25.0, 225.0)}
"""Brightness of the ground and of the pen."""
SEED = 4

Picture = tuple[np.ndarray, bytes]


def cropped(images: np.ndarray, predictor: Predictor) -> list[Figure]:
    """Measure, for each margin, how many pictures read as the same ink does when it is drawn on the canvas."""
    same: dict[float, list[bool]] = {margin: [] for margin in MARGINS}
    for index, image in enumerate(images):
        for margin, (ink, data) in pictures(image, np.random.default_rng((SEED, index))):
            same[margin].append(predictor.read(ink).digit == predictor.read(ink_from_picture(data)).digit)
    figures = [
        Figure(f"Cropped to a margin of {margin:.0%}: read the same", 100 * float(np.mean(hits)), "%")
        for margin, hits in same.items()
    ]
    return [
        *figures,
        Figure("Cropped to any of these margins: read the same", float(np.mean([f.value for f in figures])), "%"),
    ]


def pictures(image: np.ndarray, generator: np.random.Generator) -> Iterator[tuple[float, Picture]]:
    """Yield margin, ink uint8 (h, w) and file for each margin, pen and ground, as PNG and as noisy JPEG."""
    for pen in PENS.values():
        ink = written(image, generator, share=(0.3, 0.8), pen=pen)
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        for margin, (ground, stroke) in product(MARGINS, GROUNDS.values()):
            framed = np.pad(ink, round(margin * max(ink.shape)))
            picture, levels = on_paper(framed, ground, stroke), (255 * framed).astype(np.uint8)
            yield margin, (levels, encoded(picture.astype(np.uint8)))
            yield margin, (levels, jpeg(picture, generator))
