"""Robustness of a network: its accuracies on drawings and on altered test images, measured after training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from PIL import Image, ImageFilter

from core.classifier.bundle import Robustness
from core.classifier.network import Network
from core.data.datasets import Split
from core.data.pen_digits import HELD_OUT_WRITERS
from core.handwriting.pen_digits import PenDigit, replay
from core.handwriting.tracing import RedrawRanges, centre_line, redraw
from core.ink.drawing import Pixels, prepare

SAMPLE_SIZE = 1000
"""Maximum number of test images, or of pen digits, for each accuracy; all measurements then take a few seconds."""

REDRAWN_SAMPLE_SIZE = 500
"""Maximum number of validation images that are redrawn for a trial of a sweep; all five kinds take about 2 s."""

_SEED = 20261123
"""Random seed of the sample and its alterations, so that every network gets the same images."""

_THIN_BRUSH = (4 / 280, 7 / 280)
_FAT_BRUSH = (30 / 280, 40 / 280)
"""Ranges of brush widths, as fractions of the canvas."""


def draw_robustness_images(test: Split, pen_digits: Sequence[PenDigit] = ()) -> dict[str, Split]:
    """Draw the images on which each accuracy of Robustness is measured, the same for every network.

    Takes a few seconds. Only the pen digits of HELD_OUT_WRITERS count, because the network may have learned from those
    of other writers; without such digits, `pen_strokes` is missing.
    """
    # At most a tenth of the test images, so that a run on scikit-learn's small dataset stays short.
    images, labels = sample(test, max(1, min(SAMPLE_SIZE, len(test) // 10)))
    rng = partial(np.random.default_rng, _SEED)
    images_by_kind = {
        **_redraw_five_ways(images),
        "shifted": shift(images, 4, rng()),
        "shrunk": warp(images, scale=0.7),
        "noisy": add_noise(images, 0.3, rng()),
        "blurred": blur(images, 1.0),
        "faded": fade(images, 0.5),
    }
    held_out_digits = [digit for digit in pen_digits if digit.writer in HELD_OUT_WRITERS]
    return {
        **{name: Split(altered, labels) for name, altered in images_by_kind.items()},
        **({"pen_strokes": _replay_some(held_out_digits, rng())} if held_out_digits else {}),
    }


def measure_redrawn_accuracy(network: Network, validation: Split) -> float:
    """Return the mean accuracy on validation images that are redrawn in the five ways listed in Robustness."""
    images, labels = sample(validation, REDRAWN_SAMPLE_SIZE)
    kinds = _redraw_five_ways(images).values()
    return float(np.mean([accuracy(network, redrawn, labels) for redrawn in kinds]))


def _redraw_five_ways(images: np.ndarray) -> dict[str, np.ndarray]:
    """Trace and redraw images (n, 28, 28); return the redrawn images, keyed by field of Robustness."""
    lines = [centre_line(image) for image in images]
    return {
        "canvas": redraw_all(lines, RedrawRanges()),
        "tiny": redraw_all(lines, RedrawRanges(size=(0.08, 0.15), brush=_THIN_BRUSH)),
        "thin_pen": redraw_all(lines, RedrawRanges(brush=_THIN_BRUSH)),
        "fat_pen": redraw_all(lines, RedrawRanges(brush=_FAT_BRUSH)),
        "turned": rotate_all(lines, 20),
    }


def measure_robustness(network: Network, images: Mapping[str, Split]) -> Robustness:
    """Measure the accuracies of a network on the images from `draw_robustness_images`."""
    accuracies = {name: accuracy(network, split.images, split.labels) for name, split in images.items()}
    return Robustness(images=len(images["canvas"]), **accuracies)


def sample(split: Split, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return at most `count` images of a split and their labels, always the same ones."""
    indices = np.random.default_rng(_SEED).permutation(len(split))[:count]
    return split.images[indices], split.labels[indices]


def redraw_all(lines: Sequence[np.ndarray], ranges: RedrawRanges) -> np.ndarray:
    """Draw centre lines and prepare the ink as images uint8 (n, 28, 28)."""
    rng = np.random.default_rng(_SEED)
    return prepare_all([redraw(line, ranges, rng) for line in lines])


def rotate_all(lines: Sequence[np.ndarray], degrees: float) -> np.ndarray:
    """Draw centre lines, rotated in alternating directions, as images uint8 (n, 28, 28)."""
    images = np.empty((len(lines), 28, 28), np.uint8)
    images[::2] = redraw_all(lines[::2], RedrawRanges(rotation=(degrees, degrees)))
    images[1::2] = redraw_all(lines[1::2], RedrawRanges(rotation=(-degrees, -degrees)))
    return images


def prepare_all(inks: Sequence[Pixels]) -> np.ndarray:
    """Prepare ink of any size as images uint8 (n, 28, 28); blank ink becomes a black image."""
    black = np.zeros((28, 28), np.uint8)
    return np.stack([black if (image := prepare(ink).image) is None else image for ink in inks])


def accuracy(network: Network, images: np.ndarray, labels: np.ndarray) -> float:
    """Return the accuracy on these images, 0..1."""
    return float((network(images).probabilities.argmax(axis=1) == labels).mean())


def shift(images: np.ndarray, pixels: int, rng: np.random.Generator) -> np.ndarray:
    """Move each image (28, 28) up, down, left or right by `pixels`; pixels that leave the image are lost."""
    shifted_images = np.zeros_like(images)
    side = images.shape[1]
    for index, direction in enumerate(rng.integers(0, 4, len(images))):
        rotated_image = np.rot90(images[index], direction)
        np.rot90(shifted_images[index], direction)[pixels:] = rotated_image[: side - pixels]
    return shifted_images


def warp(images: np.ndarray, scale: float = 1.0, angle: float = 0.0, side: int = 28) -> np.ndarray:
    """Scale and rotate each image (28, 28) about its centre and enlarge it to (side, side).

    `angle`: in degrees, anticlockwise.
    """
    factor = images.shape[1] / side / scale
    cosine, sine = factor * np.cos(np.radians(angle)), factor * np.sin(np.radians(angle))
    source, target = images.shape[1] / 2, side / 2  # the centres, which the matrix maps onto each other
    matrix = (cosine, -sine, source - target * (cosine - sine), sine, cosine, source - target * (cosine + sine))
    size, method = (side, side), Image.Resampling.BICUBIC
    return np.stack(
        [np.asarray(Image.fromarray(image).transform(size, Image.Transform.AFFINE, matrix, method)) for image in images]
    )


def add_noise(images: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Add Gaussian noise to each pixel; `sigma` is its standard deviation as a fraction of full ink."""
    noise = rng.normal(0, 255 * sigma, images.shape)
    return np.clip(images + noise, 0, 255).astype(np.uint8)


def blur(images: np.ndarray, sigma: float) -> np.ndarray:
    """Blur each image with a Gaussian; `sigma` is its standard deviation in pixels."""
    filtered = (Image.fromarray(image).filter(ImageFilter.GaussianBlur(sigma)) for image in images)
    return np.stack([np.asarray(image) for image in filtered])


def fade(images: np.ndarray, fraction: float) -> np.ndarray:
    """Reduce the ink of each image to a fraction, 0..1."""
    return (images * fraction).astype(np.uint8)


def _replay_some(digits: Sequence[PenDigit], rng: np.random.Generator) -> Split:
    chosen_digits = [digits[index] for index in rng.permutation(len(digits))[:SAMPLE_SIZE]]
    images = prepare_all([replay(digit, rng) for digit in chosen_digits])
    return Split(images, np.array([digit.label for digit in chosen_digits], np.uint8))
