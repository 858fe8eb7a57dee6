"""What pictures of digits are made of, drawn in code: ink, paper, light, lines, tables, files."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from core.ink.drawing import prepare

HEIGHT, WIDTH = 480, 640

Plane = np.ndarray
"""Brightness, float (h, w) in 0..255; or ink, float (h, w) in 0..1."""


def written(
    image: np.ndarray, generator: np.random.Generator, share: tuple[float, float] = (0.25, 0.6), pen: float = 0.0
) -> Plane:
    """The digit as sharp ink 0..1 on (480, 640): `share` of the height, anywhere; `pen` widens its strokes (28ths)."""
    drawing = prepare(image)
    assert drawing.crop is not None
    size = generator.uniform(*share) * HEIGHT
    ratio = size / 20
    # Smooth first, then steep: a pen's edge is sharp at any size.
    crop = Image.fromarray(np.pad(drawing.crop, 4))
    large = np.asarray(crop.resize((round(crop.width * ratio), round(crop.height * ratio)), Image.Resampling.BICUBIC))
    level = 127 - 55 * pen
    sharp = np.clip((large.astype(float) - level) * (ratio / 110) + 0.5, 0, 1)
    rows, columns = np.flatnonzero(sharp.any(axis=1)), np.flatnonzero(sharp.any(axis=0))
    sharp = sharp[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    margin = 14
    top = int(generator.integers(margin, HEIGHT - sharp.shape[0] - margin))
    left = int(generator.integers(margin, WIDTH - sharp.shape[1] - margin))
    ink = np.zeros((HEIGHT, WIDTH))
    ink[top : top + sharp.shape[0], left : left + sharp.shape[1]] = sharp
    return ink


def on_paper(ink: Plane, paper: float | Plane = 235.0, pen: float = 45.0) -> Plane:
    """Brightness of paper that is written on."""
    return paper + (pen - paper) * ink


def jpeg(picture: np.ndarray, generator: np.random.Generator, noise: float = 3.0, quality: int = 85) -> bytes:
    """Brightness (h, w) or colours (h, w, 3) with the noise of a sensor, as a JPEG file."""
    noisy = picture + generator.normal(0, noise, picture.shape)
    return encoded(np.clip(noisy, 0, 255).astype(np.uint8), "JPEG", quality=quality)


def encoded(picture: np.ndarray | Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """A picture as a file."""
    buffer = io.BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def coloured(ink: Plane, paper: tuple[int, int, int], pen: tuple[int, int, int]) -> np.ndarray:
    """Ink of a colour on paper of a colour, float (h, w, 3)."""
    return np.dstack([on_paper(ink, one, other) for one, other in zip(paper, pen, strict=True)])


def smooth_noise(generator: np.random.Generator, size: int) -> Plane:
    """Noise of mean 0 and spread 1 that changes over about `size` pixels."""
    coarse = generator.normal(0, 1, (HEIGHT // size + 2, WIDTH // size + 2)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))


def shadow(generator: np.random.Generator, softness: float, depth: tuple[float, float] = (0.4, 0.7)) -> Plane:
    """Light with a shadow on one side of a slanted line, 0..1."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    angle = generator.uniform(0, 2 * np.pi)
    place = (columns - WIDTH / 2) * np.cos(angle) + (rows - HEIGHT / 2) * np.sin(angle)
    dark = np.clip((place - generator.uniform(-120, 120)) / softness + 0.5, 0, 1)
    return 1 - dark * (1 - generator.uniform(*depth))


def light(generator: np.random.Generator) -> Plane:
    """A lamp at one side and dark corners, 0..1."""
    rows, columns = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    angle = generator.uniform(0, 2 * np.pi)
    slope = generator.uniform(0.1, 0.35) * (columns * np.cos(angle) + rows * np.sin(angle)) / np.sqrt(2)
    return np.clip(0.8 + slope - generator.uniform(0.05, 0.2) * (rows**2 + columns**2) / 2, 0.1, 1)


def ruled(generator: np.random.Generator, squared: bool, tilt: float = 2.0) -> Plane:
    """Lines 0..1 of one or two pixels every 30 to 60, tilted by at most `tilt` degrees."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    slope, step = np.tan(np.radians(generator.uniform(-tilt, tilt))), generator.integers(30, 61)
    thick, start = generator.uniform(1, 2.5), generator.uniform(0, step)
    lines = (rows + slope * columns + start) % step < thick
    if squared:
        lines |= (columns - slope * rows + start) % step < thick
    return lines * generator.uniform(0.25, 0.6)


def on_table(sheet: Plane, generator: np.random.Generator, table: tuple[float, float], tilt: float = 12.0) -> Plane:
    """The sheet smaller and turned on a table of some brightness with a grain, sometimes cut off by the edge."""
    small = Image.fromarray(sheet.astype(np.float32))
    scale = generator.uniform(0.55, 0.85)
    small = small.resize((round(WIDTH * scale), round(HEIGHT * scale)), Image.Resampling.BILINEAR)
    turned = np.asarray(small.rotate(generator.uniform(-tilt, tilt), Image.Resampling.BILINEAR, True, fillcolor=-1000))
    ground = generator.uniform(*table) * (1 + 0.06 * smooth_noise(generator, 40) + 0.05 * smooth_noise(generator, 4))
    room = WIDTH - turned.shape[1], HEIGHT - turned.shape[0]
    left, top = (int(generator.integers(min(0, side) - 10, max(1, side + 10))) for side in room)
    picture = Image.fromarray(ground.astype(np.float32))
    picture.paste(Image.fromarray(turned), (left, top), Image.fromarray((turned >= 0).astype(np.uint8) * 255))
    return np.asarray(picture)
