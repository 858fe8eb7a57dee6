"""Numbers composed of digits in one hand: as strokes on a canvas, and as ink in a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.handwriting.pen_digits import PenDigit
from core.ink.canvas_strokes import Stroke, draw_strokes
from core.ink.drawing import Pixels

SPACINGS = {"spaced": (0.15, 0.6), "tight": (0.02, 0.1), "touching": (-0.12, 0.0)}
"""Gap between the boxes of neighbouring digits, as a fraction of the number's height; below 0 they overlap."""
LENGTHS = range(2, 7)
"""Possible lengths of a number, in digits."""
HEIGHT = 120.0
"""Height of a digit in pixels, so that six fit on the canvas."""

_SIZES = (0.88, 1.12)  # times HEIGHT, for each digit
_RISE = 0.06  # times HEIGHT; standard deviation of a digit's vertical shift
_BRUSHES = (7.0, 15.0)  # pixels
_MARGIN = 24  # pixels around the ink, so that overlapping digits stay on the canvas

Range = tuple[float, float]


@dataclass(frozen=True)
class Scene:
    """A number: its digits as `text`, and its strokes in writing order."""

    text: str
    strokes: list[Stroke]

    @property
    def ink(self) -> Pixels:
        """The ink (h, w) of a canvas with these strokes."""
        patch = draw_strokes(self.strokes)
        top, left, bottom, right = patch.box
        ink = np.zeros((max(bottom, round(2 * HEIGHT)), right + _MARGIN), np.uint8)
        ink[top:bottom, left:right] = patch.ink
        return ink


def compose(digits: Sequence[PenDigit], spacing: Range, rng: np.random.Generator, *, late: bool = False) -> Scene:
    """Write digits side by side with one brush; `spacing`: smallest and largest gap.

    `late`: the second and third strokes of all digits, such as the bars of 7s, are written last.
    """
    brush = rng.uniform(*_BRUSHES)
    strokes: list[tuple[int, Stroke]] = []
    end = float(_MARGIN)
    for digit in digits:
        lines = [np.array(line, float) for line in digit.strokes]
        points = np.concatenate(lines)
        low, high = points.min(axis=0), points.max(axis=0)
        scale = (HEIGHT * rng.uniform(*_SIZES) - brush) / max(high[1] - low[1], 0.6 * (high[0] - low[0]), 1.0)
        place = np.array([end + rng.uniform(*spacing) * HEIGHT + brush / 2, rng.normal(HEIGHT, _RISE * HEIGHT)])
        middle = np.array([low[0], (low[1] + high[1]) / 2])
        strokes += [(order, Stroke((line - middle) * scale + place, brush)) for order, line in enumerate(lines)]
        end = place[0] + (high[0] - low[0]) * scale + brush / 2
    if late:
        strokes.sort(key=lambda each: each[0] > 0)
    return Scene("".join(str(digit.label) for digit in digits), [stroke for _, stroke in strokes])


def scenes(
    digits: Sequence[PenDigit], count: int, spacing: Range, rng: np.random.Generator, *, late: bool = False
) -> Iterator[Scene]:
    """Yield numbers of 2 to 6 digits, each written by one writer drawn at random."""
    writers = sorted({digit.writer for digit in digits})
    by_writer = {writer: [digit for digit in digits if digit.writer == writer] for writer in writers}
    for _ in range(count):
        own_digits = by_writer[writers[rng.integers(len(writers))]]
        chosen = rng.integers(len(own_digits), size=rng.choice(LENGTHS))
        yield compose([own_digits[index] for index in chosen], spacing, rng, late=late)


def image_ink(images: Sequence[np.ndarray], spacing: Range, rng: np.random.Generator) -> Pixels:
    """Return the ink (h, w) of a picture with images uint8 (28, 28) side by side."""
    inks = [_enlarged(image, rng) for image in images]
    end, places = 0, []
    for ink in inks:
        places.append(max(0, end + round(rng.uniform(*spacing) * HEIGHT)))
        end = places[-1] + ink.shape[1]
    picture = np.zeros((round(1.6 * HEIGHT), end), np.uint8)
    for ink, left in zip(inks, places, strict=True):
        top = (picture.shape[0] - ink.shape[0]) // 2 + round(rng.normal(0, _RISE * HEIGHT))
        place = picture[max(0, top) : max(0, top) + ink.shape[0], left : left + ink.shape[1]]
        np.maximum(place, ink[: place.shape[0]], out=place)
    return np.pad(picture, _MARGIN)


def _enlarged(image: np.ndarray, rng: np.random.Generator) -> Pixels:
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    crop = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = HEIGHT * rng.uniform(*_SIZES) / max(crop.shape[0], 0.6 * crop.shape[1])
    size = round(crop.shape[1] * scale), round(crop.shape[0] * scale)
    return np.asarray(Image.fromarray(crop).resize(size, Image.Resampling.BICUBIC))
