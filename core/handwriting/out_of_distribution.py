"""Synthetic out-of-distribution samples for training the novelty detector.

Letters, doodles, scribbles and shapes look pen-drawn. Silhouettes and blotches imitate uploaded pictures of objects.
Pairs are two digits side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from core.handwriting.strokes import (
    HELD_OUT_DOODLES,
    HELD_OUT_LETTERS,
    LETTERS_UNLIKE_DIGITS,
    doodle_strokes,
    letter_strokes,
    render,
    scribble_strokes,
    shape_strokes,
)
from core.handwriting.strokes.canvas import MAX_BRUSH_FRACTION
from core.handwriting.strokes.pen import Strokes
from core.ink.drawing import IMAGE_SIZE, Pixels, prepare

_CANVAS_SIZE = 140
"""Side of the canvas in pixels: half of the dashboard's. That is twice as fast and gives nearly the same images."""

PROPORTIONS = {
    "letters": 0.28,
    "doodles": 0.18,
    "scribbles": 0.16,
    "shapes": 0.07,
    "silhouettes": 0.20,
    "blotches": 0.04,
    "pairs": 0.07,
}
"""Proportion of each kind among the detector's training samples."""

HELD_OUT_KINDS = ("held-out letters", "held-out doodles")
"""Kinds that benchmarks evaluate detectors on; no detector is trained on them."""

KINDS = (*PROPORTIONS, *HELD_OUT_KINDS)

_INK_THRESHOLD = 40
"""Pixels above this value count as ink."""

_MIN_INK_PIXELS = 25
"""Images with fewer ink pixels are discarded."""

_MAX_DOODLE_BRUSH = 0.12
"""Widest brush for doodles, as a fraction of their size; a wider one would turn an acorn into a 0."""

_MIN_INK_KEPT = 0.97
"""Minimum fraction of the ink that must be left without strays: a cookie without its crumbs is a 0."""

_MAX_BAR_ASPECT = 0.3
_MIN_BAR_FILL = 0.6
"""Silhouettes this slim and this solid are discarded, because a vertical bar is a 1."""


def out_of_distribution_samples(
    count: int,
    digits: Pixels,
    seed: int,
    *,
    letters: str = LETTERS_UNLIKE_DIGITS,
    proportions: Mapping[str, float] = PROPORTIONS,
) -> Pixels:
    """Draw about `count` non-digits in the format of the model's input: uint8 (n, 28, 28), grouped by kind.

    `digits`: images (m, 28, 28) for the pairs. `letters`: the letters to draw. `proportions`: the proportion of each
    kind, keyed by its name in KINDS.
    """
    rng = np.random.default_rng(seed)
    samplers = _samplers(digits, letters, rng)
    samples = [
        _draw_until_accepted(samplers[kind])
        for kind, proportion in proportions.items()
        for _ in range(round(count * proportion))
    ]
    return np.stack(samples) if samples else np.zeros((0, IMAGE_SIZE, IMAGE_SIZE), np.uint8)


def _samplers(digits: Pixels, letters: str, rng: np.random.Generator) -> dict[str, Callable[[], Pixels | None]]:
    def random_letter(letters: str, held_out: bool) -> Strokes:
        return letter_strokes(letters[int(rng.integers(len(letters)))], rng, held_out)

    drawings: dict[str, Callable[[], Strokes]] = {
        "letters": partial(random_letter, letters, held_out=False),
        "held-out letters": partial(random_letter, HELD_OUT_LETTERS, held_out=True),
        "scribbles": partial(scribble_strokes, rng),
        "shapes": partial(shape_strokes, rng),
    }
    doodles: dict[str, Callable[[], Strokes]] = {
        "doodles": partial(doodle_strokes, rng),
        "held-out doodles": partial(doodle_strokes, rng, HELD_OUT_DOODLES),
    }
    return {
        **{kind: partial(_draw_strokes, strokes, rng) for kind, strokes in drawings.items()},
        **{kind: partial(_draw_strokes, strokes, rng, _MAX_DOODLE_BRUSH) for kind, strokes in doodles.items()},
        "silhouettes": lambda: _sample_silhouette(rng),
        "blotches": lambda: _sometimes_prepare(_draw_blotches(rng), rng),
        "pairs": lambda: _draw_pair(digits, rng),
    }


def _draw_strokes(
    strokes: Callable[[], Strokes], rng: np.random.Generator, max_brush: float = MAX_BRUSH_FRACTION
) -> Pixels | None:
    drawing = prepare(render(strokes(), rng, _CANVAS_SIZE, max_brush))
    if drawing.crop is None or np.count_nonzero(drawing.crop) < _MIN_INK_KEPT * np.count_nonzero(drawing.ink):
        return None
    return drawing.image


def _sample_silhouette(rng: np.random.Generator) -> Pixels | None:
    image = _sometimes_prepare(_draw_silhouette(rng), rng)
    return None if image is None or _is_vertical_bar(image) else image


def _is_vertical_bar(image: Pixels) -> bool:
    ink = image > _INK_THRESHOLD
    height, width = np.count_nonzero(ink.any(axis=1)), np.count_nonzero(ink.any(axis=0))
    return bool(width <= _MAX_BAR_ASPECT * height and np.count_nonzero(ink) >= _MIN_BAR_FILL * width * height)


def _draw_until_accepted(sampler: Callable[[], Pixels | None]) -> Pixels:
    while True:
        image = sampler()
        if image is not None and np.count_nonzero(image > _INK_THRESHOLD) >= _MIN_INK_PIXELS:
            return image


def _sometimes_prepare(image: Pixels, rng: np.random.Generator) -> Pixels | None:
    """Prepare the image as if it were a drawing, with a probability of one half, or return it unchanged."""
    return prepare(image).image if rng.random() < 0.5 else image


def _draw_silhouette(rng: np.random.Generator) -> Pixels:
    """Draw a filled, shaded shape, often symmetric or with a slit, like a bottle, a vase or trousers."""
    mask = _filled_shape(rng, rng.uniform(1.5, 6), rng.uniform(3, 14))
    if rng.random() < 0.45:
        slit = _filled_shape(rng, rng.uniform(0.3, 2), rng.uniform(1, 7))
        mask &= ~np.roll(slit, int(rng.integers(-10, 16)), axis=0)
    if rng.random() < 0.3:
        mask = mask.T
    if rng.random() < 0.3:
        mask = mask[::-1]
    shade = rng.uniform(60, 255) + _noise(rng, rng.uniform(0.3, 4)) * rng.uniform(0, 60)
    if rng.random() < 0.25:
        stripes = np.sin(np.arange(IMAGE_SIZE) * 2 * np.pi / rng.uniform(2, 9) + rng.uniform(0, 6))
        shade += rng.uniform(20, 90) * (stripes if rng.random() < 0.5 else stripes[:, np.newaxis])
    image = np.where(mask, np.clip(shade, 0, 255), 0)
    if rng.random() < 0.5:
        image = gaussian_filter(image, rng.uniform(0.3, 0.8))
    return image.astype(np.uint8)


def _filled_shape(rng: np.random.Generator, min_half_width: float, max_half_width: float) -> np.ndarray:
    """Return the region between a left and a right edge, both smooth and random: bool (28, 28)."""

    def edge() -> np.ndarray:
        noise = gaussian_filter1d(rng.normal(size=IMAGE_SIZE + 20), rng.uniform(1, 6))[10:-10]
        return min_half_width + (noise - noise.min()) / np.ptp(noise) * (max_half_width - min_half_width)

    left = edge()
    right = left if rng.random() < 0.7 else edge()
    middle = IMAGE_SIZE / 2 + (rng.normal(0, 2) if rng.random() < 0.4 else 0)
    rows, columns = np.arange(IMAGE_SIZE)[:, np.newaxis], np.arange(IMAGE_SIZE)
    top, bottom = rng.integers(0, 9), rng.integers(18, IMAGE_SIZE + 1)
    inside = (columns >= middle - left[:, np.newaxis]) & (columns < middle + right[:, np.newaxis])
    mask: np.ndarray = inside & (rows >= top) & (rows < bottom)
    return mask


def _draw_blotches(rng: np.random.Generator) -> Pixels:
    """Draw smooth blotches or speckles all over the image."""
    level = _noise(rng, rng.uniform(1, 5)) - rng.uniform(-0.6, 1)
    return np.clip(level * rng.uniform(80, 800), 0, 255).astype(np.uint8)


def _noise(rng: np.random.Generator, smoothness: float) -> np.ndarray:
    """Return Gaussian noise of unit variance, correlated over `smoothness` pixels: float64 (28, 28)."""
    margin = 6  # pixels, cropped off at the end because smoothing is uneven at the border
    side = IMAGE_SIZE + 2 * margin
    field = gaussian_filter(rng.normal(size=(side, side)), smoothness)[margin:-margin, margin:-margin]
    noise: np.ndarray = field / field.std()
    return noise


def _draw_pair(digits: Pixels, rng: np.random.Generator) -> Pixels | None:
    """Draw two digits side by side."""
    left, right = digits[rng.integers(0, len(digits), 2)]
    canvas = np.zeros((40, 64), np.uint8)
    canvas[6:34, 2:30] = left
    column, row = 18 + int(rng.integers(0, 9)), 6 + int(rng.integers(-4, 5))
    target = canvas[row : row + IMAGE_SIZE, column : column + IMAGE_SIZE]
    np.maximum(target, right, out=target)
    return prepare(canvas).image
