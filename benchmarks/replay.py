"""Real pen strokes, replayed as drawings on the dashboard's canvas: for measuring, never for training."""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SIDE = 280
"""Width and height of the dashboard's canvas in pixels."""


@dataclass(frozen=True)
class PenDigit:
    """A digit as a person wrote it: strokes of (x, y) points, y pointing down."""

    label: int
    strokes: list[list[tuple[float, float]]]


def pen_digits() -> list[PenDigit] | None:
    """The digits in the file named by TRAZO_STROKES; None where there is none."""
    named = os.environ.get("TRAZO_STROKES")
    if not named or not Path(named).is_file():
        return None
    with gzip.open(named, "rt", encoding="utf-8") as file:
        return [PenDigit(line["label"], line["strokes"]) for line in map(json.loads, file)]


def replayed(digit: PenDigit, generator: np.random.Generator) -> np.ndarray:
    """The digit as canvas ink uint8 (280, 280): 40 % to 80 % of the canvas, anywhere on it, brush of 8 to 30 pixels."""
    points = np.array([point for stroke in digit.strokes for point in stroke], float)
    low, high = points.min(axis=0), points.max(axis=0)
    size = generator.uniform(0.4, 0.8) * SIDE
    brush = int(generator.integers(8, 31))
    scale = size / max(float((high - low).max()), 1.0)
    extent = (high - low) * scale
    room = np.maximum(SIDE - extent - brush, 0)
    offset = brush / 2 + generator.uniform(0, 1, 2) * room
    image = Image.new("L", (SIDE, SIDE))
    draw = ImageDraw.Draw(image)
    radius = brush / 2
    for stroke in digit.strokes:
        line = [tuple((np.array(point) - low) * scale + offset) for point in stroke]
        draw.line(line, fill=255, width=brush, joint="curve")
        for x, y in line:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(image)
