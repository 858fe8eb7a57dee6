"""Out-of-distribution samples, drawn by code, from which the novelty detector learns to reject non-digits.

Letters, scribbles and shapes look pen-drawn; silhouettes and stains stand in for uploaded pictures of things; pairs
are two digits side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from core.handwriting.strokes import LETTERS_UNLIKE_DIGITS, letter_strokes, render, scribble_strokes, shape_strokes
from core.handwriting.strokes.pen import Strokes
from core.ink.drawing import IMAGE_SIZE, Pixels, prepare

_CANVAS = 140
"""Side in pixels: half the dashboard's canvas gives nearly the same images after `prepare`, twice as fast."""

PROPORTIONS = {"letters": 0.28, "scribbles": 0.22, "shapes": 0.12, "silhouettes": 0.24, "stains": 0.05, "pairs": 0.09}
"""Proportion of each kind among the samples that a detector learns from."""

KINDS = tuple(PROPORTIONS)

_LEAST_INK = 25  # pixels above 40; emptier images are drawn again


def out_of_distribution_samples(
    count: int,
    digits: Pixels,
    seed: int,
    *,
    letters: str = LETTERS_UNLIKE_DIGITS,
    proportions: Mapping[str, float] = PROPORTIONS,
) -> Pixels:
    """Draw about `count` images uint8 (n, 28, 28) of non-digits, kind after kind, laid out as the model sees them.

    `digits`: images (m, 28, 28) to make pairs of. `letters`: the letters to draw. `proportions`: of each of KINDS.
    """
    rng = np.random.default_rng(seed)
    makers = _makers(digits, letters, rng)
    made = [_made(makers[kind]) for kind, part in proportions.items() for _ in range(round(count * part))]
    return np.stack(made) if made else np.zeros((0, IMAGE_SIZE, IMAGE_SIZE), np.uint8)


def _makers(digits: Pixels, letters: str, rng: np.random.Generator) -> dict[str, Callable[[], Pixels | None]]:
    def letter() -> Strokes:
        return letter_strokes(letters[int(rng.integers(len(letters)))], rng)

    def written(strokes: Callable[[], Strokes]) -> Pixels | None:
        return prepare(render(strokes(), rng, _CANVAS)).image

    return {
        "letters": partial(written, letter),
        "scribbles": partial(written, partial(scribble_strokes, rng)),
        "shapes": partial(written, partial(shape_strokes, rng)),
        "silhouettes": lambda: _as_seen(_silhouette(rng), rng),
        "stains": lambda: _as_seen(_stain(rng), rng),
        "pairs": lambda: _pair(digits, rng),
    }


def _made(maker: Callable[[], Pixels | None]) -> Pixels:
    """Draw until there is enough ink on the image."""
    while True:
        image = maker()
        if image is not None and np.count_nonzero(image > 40) >= _LEAST_INK:
            return image


def _as_seen(image: Pixels, rng: np.random.Generator) -> Pixels | None:
    """Lay out half of the images like drawings and return the others unchanged."""
    return prepare(image).image if rng.random() < 0.5 else image


def _silhouette(rng: np.random.Generator) -> Pixels:
    """Draw a filled, shaded outline, often symmetric or with a part cut out, like a bottle, trousers or a vase."""
    mask = _outline(rng, rng.uniform(1.5, 6), rng.uniform(3, 14))
    if rng.random() < 0.45:
        slit = _outline(rng, rng.uniform(0.3, 2), rng.uniform(1, 7))
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


def _outline(rng: np.random.Generator, narrow: float, wide: float) -> np.ndarray:
    """Return the region between a left and a right edge that wander smoothly: bool (28, 28)."""

    def edge() -> np.ndarray:
        noise = gaussian_filter1d(rng.normal(size=IMAGE_SIZE + 20), rng.uniform(1, 6))[10:-10]
        return narrow + (noise - noise.min()) / np.ptp(noise) * (wide - narrow)

    left = edge()
    right = left if rng.random() < 0.7 else edge()
    middle = IMAGE_SIZE / 2 + (rng.normal(0, 2) if rng.random() < 0.4 else 0)
    rows, columns = np.arange(IMAGE_SIZE)[:, np.newaxis], np.arange(IMAGE_SIZE)
    top, bottom = rng.integers(0, 9), rng.integers(18, IMAGE_SIZE + 1)
    inside = (columns >= middle - left[:, np.newaxis]) & (columns < middle + right[:, np.newaxis])
    outline: np.ndarray = inside & (rows >= top) & (rows < bottom)
    return outline


def _stain(rng: np.random.Generator) -> Pixels:
    """Draw smooth blots or grains all over the image."""
    level = _noise(rng, rng.uniform(1, 5)) - rng.uniform(-0.6, 1)
    return np.clip(level * rng.uniform(80, 800), 0, 255).astype(np.uint8)


def _noise(rng: np.random.Generator, smoothness: float) -> np.ndarray:
    """Return Gaussian noise of unit variance, correlated over `smoothness` pixels: float64 (28, 28)."""
    margin = 6  # pixels; smoothing is uneven at the border
    side = IMAGE_SIZE + 2 * margin
    field = gaussian_filter(rng.normal(size=(side, side)), smoothness)[margin:-margin, margin:-margin]
    noise: np.ndarray = field / field.std()
    return noise


def _pair(digits: Pixels, rng: np.random.Generator) -> Pixels | None:
    """Draw two digits side by side."""
    left, right = digits[rng.integers(0, len(digits), 2)]
    paper = np.zeros((40, 64), np.uint8)
    paper[6:34, 2:30] = left
    column, row = 18 + int(rng.integers(0, 9)), 6 + int(rng.integers(-4, 5))
    place = paper[row : row + IMAGE_SIZE, column : column + IMAGE_SIZE]
    np.maximum(place, right, out=place)
    return prepare(paper).image
