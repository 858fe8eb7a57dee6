"""Pictures of a digit on paper, for tests."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw

from core.ink.drawing import Pixels, prepare
from core.ink.picture_ink import PictureInk

SIZE = (480, 640)


def five(size: tuple[int, int] = SIZE, brush: float = 0.05) -> Pixels:
    """Draw a 5 in two strokes, white on black, to the right of the centre; `brush` is a fraction of the height."""
    height, width = size
    picture = Image.new("L", (width, height))
    draw = ImageDraw.Draw(picture)
    for stroke in (
        [(0.8, 0.2), (0.58, 0.2)],
        [(0.58, 0.2), (0.56, 0.45), (0.72, 0.48), (0.8, 0.62), (0.7, 0.8), (0.54, 0.76)],
    ):
        draw.line([(x * width, y * height) for x, y in stroke], fill=255, width=round(brush * height), joint="curve")
    return np.asarray(picture)


def on_paper(ink: Pixels, paper: float = 240, pen: float = 30) -> np.ndarray:
    """Return the brightness of paper with this ink, as floats to be modified by tests and rounded by `photo`."""
    return paper + (pen - paper) * (ink / 255)


def photo(brightness: np.ndarray, noise: float = 3) -> Pixels:
    noisy = brightness + np.random.default_rng(0).normal(0, noise, brightness.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def encoded(picture: Image.Image | Pixels, kind: str = "PNG", **options: object) -> bytes:
    if not isinstance(picture, Image.Image):
        picture = Image.fromarray(picture)
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def assert_shows_the_five(ink: Pixels | PictureInk, expected: Pixels | None = None) -> None:
    """Assert that the ink covers the drawn digit and hardly anything else, at any position and size."""
    shown = ink.likeliest if isinstance(ink, PictureInk) else ink
    found, drawn = prepare(shown).scaled, prepare(five() if expected is None else expected).scaled
    assert found is not None
    assert drawn is not None
    found = np.asarray(Image.fromarray(found).resize(drawn.shape[::-1]))
    overlap = np.minimum(found, drawn).sum(dtype=int) / np.maximum(found, drawn).sum(dtype=int)
    assert overlap > 0.75
