"""The samples that the novelty detector is fitted on: digits of five kinds and out-of-distribution samples.

Samples that are slow to draw come in portions. They do not depend on the network, so they can be drawn before it is
trained, and a detector that must be ready quickly is fitted on the first portions only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from core.config import AugmentationConfig, TrainingConfig
from core.data.augmentation import augment
from core.data.datasets import Split
from core.handwriting.out_of_distribution import out_of_distribution_samples
from core.handwriting.pen_digits import PenDigit
from core.handwriting.strokes import draw_digits
from core.handwriting.tracing import TRAINING_RANGES, redraw_images
from core.handwriting.variation import draw_variations
from core.ink.drawing import Pixels

PORTIONS = 2
"""Number of portions for most recipes; drawing them takes 4 s, and fitting the detector of `fast` takes 3 s."""

STOPPED_RUN_PORTIONS = 1
"""Number of portions for a stopped run whose recipe has more than PORTIONS.

With one portion, a stopped run of `best` is ready within 15 s (`make bench ARGS=finish`).
"""

_SYNTHETIC_PER_PORTION = 250
"""A recipe with many synthetic digits has one portion for every 250 of them; it takes a long time to train anyway."""

_DIGITS_PER_KIND = 750
"""Number of redrawn digits in a portion; it has the same number of synthetic digits, and of pen digits.

With 500, the detector of `fast` rejects 93.7% of new out-of-distribution samples; with 750, 95.2% (three seeds).
"""

_TRAINING_DIGITS = 2000
"""Number of unchanged training images per portion, and of augmented ones; both take far less time than drawn digits."""

_MAX_FRACTION = 0.25
"""Maximum number of digits of each kind in PORTIONS portions, as a fraction of a small training split."""

_SAMPLE_AUGMENTATION = AugmentationConfig(rotation=12, shear=10, zoom=0.1, elastic=0.5, stroke=0.3)
"""Augmentation of out-of-distribution samples and training images; it imitates handwriting unlike MNIST's."""


class Samples(NamedTuple):
    """Images uint8 (n, 28, 28): digits, and out-of-distribution samples."""

    digits: Pixels
    out_of_distribution: Pixels


def portion_count(config: TrainingConfig) -> int:
    """Return the number of portions for a recipe."""
    return max(PORTIONS, config.synthetic_digits // _SYNTHETIC_PER_PORTION)


def draw_portion(
    train: Split,
    seed: int,
    index: int,
    pen_digits: Sequence[PenDigit] = (),
    draw_samples: Callable[[int, Pixels, int], Pixels] = out_of_distribution_samples,
) -> Samples:
    """Draw a portion in about two seconds: redrawn, synthetic and pen digits, and out-of-distribution samples.

    `draw_samples(count, digits, seed)` draws the out-of-distribution samples. A different seed or
    index gives different samples.
    """
    rng = np.random.default_rng((seed, index))
    count = max(1, min(_DIGITS_PER_KIND, int(_MAX_FRACTION * len(train) / PORTIONS)))
    seeds = rng.integers(2**31, size=2).tolist()
    to_redraw = train.images[rng.permutation(len(train))[:count]]
    synthetic, _ = draw_digits(count, seeds[0])
    digits = [redraw_images(to_redraw, TRAINING_RANGES, rng), synthetic]
    if pen_digits:
        digits.append(_draw_pen_digits(count, pen_digits, rng))
    return Samples(np.concatenate(digits), draw_samples(2 * count, train.images, seeds[1]))


def draw_other_handwriting(count: int, seed: int, pen_digits: Sequence[PenDigit] = ()) -> Pixels:
    """Draw digits unlike MNIST's: `count` synthetic ones and, if there are pen digits, as many variations of those."""
    rng = np.random.default_rng(seed)
    synthetic, _ = draw_digits(count, seed)
    if not pen_digits:
        return synthetic
    return np.concatenate([synthetic, _draw_pen_digits(count, pen_digits, rng)])


def detector_samples(train: Split, portions: Sequence[Samples], seed: int) -> Iterator[Samples]:
    """Yield the portions, augmented copies of their out-of-distribution samples, and training images.

    Some training images are unchanged, others augmented. With the copies, half as many drawn samples are enough. Each
    item takes less than a second.
    """
    rng = np.random.default_rng(seed)
    for portion in portions:
        copies = augment(portion.out_of_distribution, _SAMPLE_AUGMENTATION, rng)
        yield Samples(portion.digits, np.concatenate([portion.out_of_distribution, copies]))
    order = rng.permutation(len(train))
    count = min(_TRAINING_DIGITS * len(portions), int(_MAX_FRACTION * len(train)))
    for start in range(0, count, _TRAINING_DIGITS):
        end = min(start + _TRAINING_DIGITS, count)
        plain_images, to_augment = train.images[order[start:end]], train.images[order[count + start : count + end]]
        digits = np.concatenate([plain_images, augment(to_augment, _SAMPLE_AUGMENTATION, rng)])
        yield Samples(digits, train.images[:0])


def _draw_pen_digits(count: int, pen_digits: Sequence[PenDigit], rng: np.random.Generator) -> Pixels:
    """Draw variations of `count` random pen digits."""
    return draw_variations([pen_digits[index] for index in rng.integers(len(pen_digits), size=count)], rng)
