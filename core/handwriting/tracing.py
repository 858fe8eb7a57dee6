"""Images of digits, traced and redrawn on a canvas with any size, place, angle and brush."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from core.ink.drawing import Pixels, prepare

CANVAS = 140
"""Width and height in pixels: half of the dashboard's canvas, which is faster and gives nearly the same images."""

_FINE = 4  # enlargement before thinning, so that the centre line is smooth


@dataclass(frozen=True)
class RedrawRanges:
    """Bounds for redrawing: `size` (longest side) and `brush` as fractions of the canvas, `turn` in degrees."""

    size: tuple[float, float] = (0.4, 0.8)
    brush: tuple[float, float] = (8 / 280, 30 / 280)
    turn: tuple[float, float] = (0.0, 0.0)


TRAINING_RANGES = RedrawRanges(turn=(-8, 8))
"""Any size and brush, slightly turned."""


def centre_line(image: Pixels) -> NDArray[np.float64]:
    """Return points (n, 2), (x, y), along the middle of the strokes of an image (28, 28) with ink, eight to a pixel."""
    # Importing it takes a second, so only callers that trace pay for it.
    from skimage.morphology import skeletonize

    fine = np.asarray(Image.fromarray(image).resize([side * _FINE for side in image.shape], Image.Resampling.BICUBIC))
    line = np.pad(skeletonize(fine > fine.max() / 2), 1)
    points = np.argwhere(line)
    between = [points]
    for step in (0, 1), (1, 0), (1, 1), (1, -1):
        followed = points[line[tuple((points + step).T)]]
        between.append(followed + np.array(step) / 2)
    return (np.concatenate(between)[:, ::-1] - 1) / _FINE


def redraw(points: NDArray[np.float64], hand: RedrawRanges, rng: np.random.Generator) -> Pixels:
    """Draw the points (n, 2) with a round brush somewhere on the canvas: ink uint8 (140, 140)."""
    turn = np.radians(rng.uniform(*hand.turn))
    turned = points @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    low = turned.min(axis=0)
    extent = turned.max(axis=0) - low
    brush = rng.uniform(*hand.brush) * CANVAS
    scale = min(rng.uniform(*hand.size) * CANVAS, CANVAS - brush - 2) / max(float(extent.max()), 1.0)
    margin = int(brush / 2) + 2
    places = np.round((turned - low) * scale).astype(int) + margin
    away = np.ones(places.max(axis=0)[::-1] + margin + 1, bool)
    away[places[:, 1], places[:, 0]] = False
    ink = np.clip(brush / 2 + 0.5 - ndimage.distance_transform_edt(away), 0, 1) * 255
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    height, width = (min(side, CANVAS) for side in ink.shape)
    top, left = rng.integers(0, CANVAS - height + 1), rng.integers(0, CANVAS - width + 1)
    canvas[top : top + height, left : left + width] = ink[:height, :width].astype(np.uint8)
    return canvas


def redraw_images(
    images: Pixels, hand: RedrawRanges, rng: np.random.Generator, each: Callable[[], None] = lambda: None
) -> Pixels:
    """Trace digits (n, 28, 28), redraw them by `hand` and lay them out for the model again; each needs some ink.

    `each` is called before each digit, about once a millisecond.
    """
    again = np.empty_like(images)
    for index, image in enumerate(images):
        each()
        drawn = prepare(redraw(centre_line(image), hand, rng)).image
        assert drawn is not None  # the brush leaves ink wherever it is put
        again[index] = drawn
    return again
