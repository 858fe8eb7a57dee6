"""The strokes of a canvas, as the browser describes them, and their ink."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from core.errors import PictureError
from core.ink.drawing import Pixels
from core.language import Message

Box = tuple[int, int, int, int]
"""Top, left, bottom, right in pixels."""

MAX_POINTS = 100_000
"""Maximum number of points on one canvas; a minute of drawing produces about 5,000."""

_MAX_COORDINATE = 10_000.0  # pixels; a stroke may leave the canvas, but no screen is this large
_MAX_WIDTH = 200.0  # pixels; the widest brush on the Draw page is 30
_CURVE_STEP = 4.0  # pixels between points on a curve, far less than a brush's width
_SUPERSAMPLING = 2  # subpixels along each side of a pixel, for the soft edge that browsers draw
_COORDINATE_COUNTS = {"M": 2, "L": 2, "Q": 4}  # number of coordinates after each path command


@dataclass(frozen=True)
class Stroke:
    """One stroke of a round brush.

    `points` float (k, 2): x and y in pixels, with the y-axis pointing down. `width`: in pixels.
    """

    points: NDArray[np.float64]
    width: float


@dataclass(frozen=True)
class InkPatch:
    """The ink from part of a canvas, uint8 (h, w), and its box on the canvas."""

    ink: Pixels
    box: Box


def strokes_from_canvas(objects: Iterable[Any]) -> list[Stroke]:
    """Return the strokes of a canvas from its Fabric.js objects, in drawing order.

    Raises PictureError if an object is not a brush stroke, or if the canvas has more than MAX_POINTS points.
    """
    try:
        strokes = [_stroke(item) for item in objects]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise PictureError(Message("The drawing arrived incomplete; draw one more stroke.")) from error
    if sum(len(stroke.points) for stroke in strokes) > MAX_POINTS:
        raise PictureError(Message("The drawing has too many strokes; clear the canvas and draw again."))
    return strokes


def _stroke(value: dict[str, Any]) -> Stroke:
    points: list[tuple[float, float]] = []
    for command, *numbers in value["path"]:
        coordinates = [float(number) for number in numbers]
        if len(coordinates) != _COORDINATE_COUNTS[command] or (command == "M") != (not points):
            raise ValueError(f"Expected the path of a brush stroke. Received: {command} {numbers}.")
        points += _curve(points[-1], coordinates) if command == "Q" else [(coordinates[0], coordinates[1])]
    array, width = np.array(points, float), float(value["strokeWidth"])
    if array.ndim != 2 or not (np.abs(array) <= _MAX_COORDINATE).all() or not 0 < width <= _MAX_WIDTH:
        raise ValueError(
            f"Expected points on a screen and the width of a brush. Received: {array.shape} points, width {width}."
        )
    return Stroke(array, width)


def _curve(start: tuple[float, float], coordinates: Sequence[float]) -> list[tuple[float, float]]:
    """Return points on a quadratic Bézier curve, without its start."""
    control, end = np.array(coordinates[:2]), np.array(coordinates[2:])
    length = np.hypot(*(control - start)) + np.hypot(*(end - control))
    if not length <= 4 * _MAX_COORDINATE:
        raise ValueError(f"Expected a curve on a screen. Received: {coordinates}.")
    t = np.linspace(0, 1, max(1, round(length / _CURVE_STEP)) + 1)[1:, np.newaxis]
    return [(x, y) for x, y in ((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end).tolist()]


def draw_stroke(stroke: Stroke) -> InkPatch:
    """Draw one stroke with a round brush and soft edges, as browsers do."""
    reach = stroke.width / 2 + 1
    left, top = np.floor(stroke.points.min(axis=0) - reach).astype(int).tolist()
    right, bottom = np.ceil(stroke.points.max(axis=0) + reach).astype(int).tolist()
    scale = _SUPERSAMPLING
    picture = Image.new("L", ((right - left) * scale, (bottom - top) * scale))
    pen = ImageDraw.Draw(picture)
    points = (stroke.points - (left, top)) * scale
    # Pillow's discs and lines extend half a pixel beyond their outline on each side.
    radius = max(0.0, stroke.width * scale / 2 - 0.5)
    pen.line(points.ravel().tolist(), fill=255, width=max(1, round(2 * radius)))
    for disc in np.hstack([points - radius, points + radius]).tolist():
        pen.ellipse(disc, fill=255)
    return InkPatch(np.asarray(picture.reduce(scale)), (top, left, bottom, right))


def draw_strokes(strokes: Iterable[Stroke]) -> InkPatch:
    """Draw one or more strokes in the smallest box that holds them all."""
    return join_patches([draw_stroke(stroke) for stroke in strokes])


def join_patches(patches: Sequence[InkPatch]) -> InkPatch:
    """Return the ink of several patches in the smallest box that holds them all."""
    tops, lefts, bottoms, rights = zip(*(patch.box for patch in patches), strict=True)
    top, left, bottom, right = min(tops), min(lefts), max(bottoms), max(rights)
    ink = np.zeros((bottom - top, right - left), np.uint8)
    for patch in patches:
        target = ink[patch.box[0] - top : patch.box[2] - top, patch.box[1] - left : patch.box[3] - left]
        np.maximum(target, patch.ink, out=target)
    return InkPatch(ink, (top, left, bottom, right))
