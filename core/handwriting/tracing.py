"""Tracing of digit images, to redraw them on a canvas at any size, position and angle with any brush."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from core.ink.drawing import Pixels, prepare

REDRAW_CANVAS_SIZE = 140
"""Side of the canvas in pixels: half the dashboard's, which is faster and gives nearly the same images."""

_ENLARGEMENT = 4
"""Images are enlarged by this factor before thinning, so that the centre line is smooth."""


@dataclass(frozen=True)
class RedrawRanges:
    """Ranges for redrawing: `size` (longer side) and `brush` as fractions of the canvas, `rotation` in degrees."""

    size: tuple[float, float] = (0.4, 0.8)
    brush: tuple[float, float] = (8 / 280, 30 / 280)
    rotation: tuple[float, float] = (0.0, 0.0)


TRAINING_RANGES = RedrawRanges(rotation=(-8, 8))
"""Typical sizes and brush widths, and slight rotations."""


def centre_line(image: Pixels) -> NDArray[np.float64]:
    """Return points (x, y), float64 (n, 2), along the centre line of the strokes in an image (28, 28).

    The image must have some ink. The points are about an eighth of a pixel apart.
    """
    # Imported here, because importing scikit-image takes a second.
    from skimage.morphology import skeletonize

    size = [side * _ENLARGEMENT for side in image.shape]
    enlarged = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
    line = np.pad(skeletonize(enlarged > enlarged.max() / 2), 1)
    points = np.argwhere(line)
    with_midpoints = [points]
    for step in (0, 1), (1, 0), (1, 1), (1, -1):
        points_with_neighbour = points[line[tuple((points + step).T)]]
        with_midpoints.append(points_with_neighbour + np.array(step) / 2)
    return (np.concatenate(with_midpoints)[:, ::-1] - 1) / _ENLARGEMENT


def redraw(points: NDArray[np.float64], ranges: RedrawRanges, rng: np.random.Generator) -> Pixels:
    """Draw the points (n, 2) with a round brush at a random position; return ink: uint8 (140, 140)."""
    angle = np.radians(rng.uniform(*ranges.rotation))
    rotated = points @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    minimum = rotated.min(axis=0)
    extent = rotated.max(axis=0) - minimum
    brush = rng.uniform(*ranges.brush) * REDRAW_CANVAS_SIZE
    scale = min(rng.uniform(*ranges.size) * REDRAW_CANVAS_SIZE, REDRAW_CANVAS_SIZE - brush - 2) / max(
        float(extent.max()), 1.0
    )
    margin = int(brush / 2) + 2
    positions = np.round((rotated - minimum) * scale).astype(int) + margin
    is_off_line = np.ones(positions.max(axis=0)[::-1] + margin + 1, bool)
    is_off_line[positions[:, 1], positions[:, 0]] = False
    ink = np.clip(brush / 2 + 0.5 - ndimage.distance_transform_edt(is_off_line), 0, 1) * 255
    canvas = np.zeros((REDRAW_CANVAS_SIZE, REDRAW_CANVAS_SIZE), np.uint8)
    height, width = (min(side, REDRAW_CANVAS_SIZE) for side in ink.shape)
    top, left = rng.integers(0, REDRAW_CANVAS_SIZE - height + 1), rng.integers(0, REDRAW_CANVAS_SIZE - width + 1)
    canvas[top : top + height, left : left + width] = ink[:height, :width].astype(np.uint8)
    return canvas


def redraw_images(
    images: Pixels, ranges: RedrawRanges, rng: np.random.Generator, on_digit: Callable[[], None] = lambda: None
) -> Pixels:
    """Trace digits (n, 28, 28), redraw them and prepare them for the model again; each digit must have some ink.

    `on_digit` is called before each digit, about once a millisecond.
    """
    redrawn = np.empty_like(images)
    for index, image in enumerate(images):
        on_digit()
        prepared = prepare(redraw(centre_line(image), ranges, rng)).image
        assert prepared is not None  # the brush leaves ink at every point
        redrawn[index] = prepared
    return redrawn
