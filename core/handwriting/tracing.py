"""Images of digits, traced and drawn again on a canvas as a person would: any size, place, angle and brush."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from core.ink.drawing import Pixels, prepare

CANVAS = 140
"""Width and height of the canvas in pixels: half of the dashboard's, to be quick; the way from ink to image takes any
size."""

_FINE = 4


@dataclass(frozen=True)
class Hand:
    """How a digit is drawn, each value between two bounds: `size` and `brush` as shares of the canvas's width (the
    length of the longest side, the width of the stroke), `turn` in degrees, anticlockwise."""

    size: tuple[float, float] = (0.4, 0.8)
    brush: tuple[float, float] = (8 / 280, 30 / 280)
    turn: tuple[float, float] = (0.0, 0.0)


ANY_HAND = Hand(turn=(-8, 8))
"""Any size and brush, and held a little askew."""


def centre_line(image: Pixels) -> NDArray[np.float64]:
    """Points (n, 2), (x, y), along the middle of the strokes of an image (28, 28) with ink, eight to a pixel."""
    # It costs a second and some memory, which only those pay who trace.
    from skimage.morphology import skeletonize

    fine = np.asarray(Image.fromarray(image).resize([side * _FINE for side in image.shape], Image.Resampling.BICUBIC))
    line = np.pad(skeletonize(fine > fine.max() / 2), 1)
    points = np.argwhere(line)
    between = [points]
    for step in (0, 1), (1, 0), (1, 1), (1, -1):
        followed = points[line[tuple((points + step).T)]]
        between.append(followed + np.array(step) / 2)
    return (np.concatenate(between)[:, ::-1] - 1) / _FINE


def redrawn(points: NDArray[np.float64], hand: Hand, generator: np.random.Generator) -> Pixels:
    """Ink uint8 (140, 140) of a round brush along the points (n, 2), anywhere on the canvas."""
    turn = np.radians(generator.uniform(*hand.turn))
    turned = points @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    low = turned.min(axis=0)
    extent = turned.max(axis=0) - low
    brush = generator.uniform(*hand.brush) * CANVAS
    scale = min(generator.uniform(*hand.size) * CANVAS, CANVAS - brush - 2) / max(float(extent.max()), 1.0)
    margin = int(brush / 2) + 2
    places = np.round((turned - low) * scale).astype(int) + margin
    away = np.ones(places.max(axis=0)[::-1] + margin + 1, bool)
    away[places[:, 1], places[:, 0]] = False
    ink = np.clip(brush / 2 + 0.5 - ndimage.distance_transform_edt(away), 0, 1) * 255
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    height, width = (min(side, CANVAS) for side in ink.shape)
    top, left = generator.integers(0, CANVAS - height + 1), generator.integers(0, CANVAS - width + 1)
    canvas[top : top + height, left : left + width] = ink[:height, :width].astype(np.uint8)
    return canvas


def drawn_again(
    images: Pixels, hand: Hand, generator: np.random.Generator, each: Callable[[], None] = lambda: None
) -> Pixels:
    """Digits (n, 28, 28), each with ink, traced, drawn on a canvas by a hand and laid out for the model again.

    It takes about a millisecond for each of them, before which `each` is called.
    """
    again = np.empty_like(images)
    for index, image in enumerate(images):
        each()
        drawn = prepare(redrawn(centre_line(image), hand, generator)).image
        assert drawn is not None  # the brush leaves ink wherever it is put
        again[index] = drawn
    return again
