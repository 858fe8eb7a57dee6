"""The robustness of a network: accuracies on drawings and on changed test images, at the end of every training."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageFilter

from core.classifier.bundle import Robustness
from core.classifier.network import Network
from core.data.datasets import Split
from core.handwriting.pen_digits import PenDigit, replayed
from core.handwriting.tracing import Hand, centre_line, redrawn
from core.ink.drawing import Pixels, prepare

SAMPLE = 1000
"""Test images, or digits of other people, for each figure: a few seconds in all."""

_SEED = 20261123
"""Random seed of the sample and of its changes: every network gets the same images."""

THIN, FAT = (4 / 280, 7 / 280), (30 / 280, 40 / 280)
"""Widths of thin and of fat brushes, as shares of the canvas."""


def measure_robustness(network: Network, test: Split, pen_digits: Sequence[PenDigit] = ()) -> Robustness:
    """Measure the accuracy of a network on a fixed sample of drawings, changed test images and pen strokes.

    Takes a few seconds.
    """
    # A tenth of the test images, so that trainings on the small stand-in stay short.
    images, labels = sample(test, max(1, min(SAMPLE, len(test) // 10)))
    lines = [centre_line(image) for image in images]

    def drawn(hand: Hand, part: slice = slice(None)) -> float:
        return accuracy(network, drawings(lines[part], hand), labels[part])

    def changed(change: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> float:
        return accuracy(network, change(images, np.random.default_rng(_SEED)), labels)

    return Robustness(
        images=len(labels),
        canvas=drawn(Hand()),
        tiny=drawn(Hand(size=(0.08, 0.15), brush=THIN)),
        thin_pen=drawn(Hand(brush=THIN)),
        fat_pen=drawn(Hand(brush=FAT)),
        turned=(drawn(Hand(turn=(20, 20)), slice(0, None, 2)) + drawn(Hand(turn=(-20, -20)), slice(1, None, 2))) / 2,
        shifted=changed(lambda images, dice: shifted(images, 4, dice)),
        shrunk=changed(lambda images, _: warped(images, scale=0.7)),
        noisy=changed(lambda images, dice: noisy(images, 0.3, dice)),
        blurred=changed(lambda images, _: blurred(images, 1.0)),
        faded=changed(lambda images, _: faded(images, 0.5)),
        pen_strokes=_pen_strokes(network, pen_digits),
    )


def sample(split: Split, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return at most `count` images of a split and their labels, always the same ones."""
    chosen = np.random.default_rng(_SEED).permutation(len(split))[:count]
    return split.images[chosen], split.labels[chosen]


def drawings(lines: Sequence[np.ndarray], hand: Hand) -> np.ndarray:
    """Draw centre lines by a hand and prepare the ink as images, uint8 (n, 28, 28)."""
    generator = np.random.default_rng(_SEED)
    return prepared([redrawn(line, hand, generator) for line in lines])


def prepared(inks: Sequence[Pixels]) -> np.ndarray:
    """Prepare ink of any size as images uint8 (n, 28, 28); black without ink."""
    black = np.zeros((28, 28), np.uint8)
    return np.stack([black if (image := prepare(ink).image) is None else image for ink in inks])


def accuracy(network: Network, images: np.ndarray, labels: np.ndarray) -> float:
    """Return the accuracy on these images, 0..1."""
    return float((network(images).probabilities.argmax(axis=1) == labels).mean())


def shifted(images: np.ndarray, pixels: int, generator: np.random.Generator) -> np.ndarray:
    """Move each image (28, 28) up, down, left or right by this number of pixels; the rest is cut off."""
    moved = np.zeros_like(images)
    side = images.shape[1]
    for index, direction in enumerate(generator.integers(0, 4, len(images))):
        turned = np.rot90(images[index], direction)
        np.rot90(moved[index], direction)[pixels:] = turned[: side - pixels]
    return moved


def warped(images: np.ndarray, scale: float = 1.0, angle: float = 0.0, side: int = 28) -> np.ndarray:
    """Scale and rotate each image (28, 28) around its middle (degrees, anticlockwise), enlarged to (side, side)."""
    factor = images.shape[1] / side / scale
    cosine, sine = factor * np.cos(np.radians(angle)), factor * np.sin(np.radians(angle))
    middle, target = images.shape[1] / 2, side / 2
    matrix = (cosine, -sine, middle - target * (cosine - sine), sine, cosine, middle - target * (cosine + sine))
    size, method = (side, side), Image.Resampling.BICUBIC
    return np.stack(
        [np.asarray(Image.fromarray(image).transform(size, Image.Transform.AFFINE, matrix, method)) for image in images]
    )


def noisy(images: np.ndarray, spread: float, generator: np.random.Generator) -> np.ndarray:
    """Add Gaussian noise to each pixel; `spread` is its standard deviation as a share of full ink."""
    noise = generator.normal(0, 255 * spread, images.shape)
    return np.clip(images + noise, 0, 255).astype(np.uint8)


def blurred(images: np.ndarray, radius: float) -> np.ndarray:
    """Blur each image with a Gaussian; `radius` is its standard deviation in pixels."""
    filtered = (Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius)) for image in images)
    return np.stack([np.asarray(image) for image in filtered])


def faded(images: np.ndarray, share: float) -> np.ndarray:
    """Reduce the ink of each image to a share, 0..1."""
    return (images * share).astype(np.uint8)


def _pen_strokes(network: Network, pen_digits: Sequence[PenDigit]) -> float | None:
    if not pen_digits:
        return None
    generator = np.random.default_rng(_SEED)
    chosen = [pen_digits[index] for index in generator.permutation(len(pen_digits))[:SAMPLE]]
    images = prepared([replayed(digit, generator) for digit in chosen])
    return accuracy(network, images, np.array([digit.label for digit in chosen]))
