"""The parts of synthetic photos: ink, paper, light, lines, tables and files."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from core.ink.drawing import prepare

HEIGHT, WIDTH = 480, 640
"""Size of every picture in pixels."""
MARGIN = 14
"""Minimum distance in pixels from ink to the edge."""

Plane = np.ndarray
"""Brightness, float (h, w) in 0..255; or ink, float (h, w) in 0..1."""


def written(
    image: np.ndarray, generator: np.random.Generator, share: tuple[float, float] = (0.25, 0.6), pen: float = 0.0
) -> Plane:
    """Write the digit as sharp ink, 0..1, at a random position on a plane (480, 640).

    `share`: range of the digit's height as a fraction of the plane's. `pen`: increase in stroke width, in pixels at
    28x28.
    """
    drawing = prepare(image)
    assert drawing.crop is not None
    ratio = generator.uniform(*share) * HEIGHT / 20
    # Enlarge smoothly, then sharpen, because a pen's edge is sharp at any size.
    crop = Image.fromarray(np.pad(drawing.crop, 4))
    size_on_plane = round(crop.width * ratio), round(crop.height * ratio)
    enlarged = np.asarray(crop.resize(size_on_plane, Image.Resampling.BICUBIC))
    threshold = 127 - 55 * pen
    ink = np.clip((enlarged.astype(float) - threshold) * (ratio / 110) + 0.5, 0, 1)
    return _placed(tightly_cropped(ink), generator)


def tightly_cropped(ink: Plane) -> Plane:
    """Return the ink without its empty margins."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _placed(ink: Plane, generator: np.random.Generator) -> Plane:
    top = int(generator.integers(MARGIN, HEIGHT - ink.shape[0] - MARGIN))
    left = int(generator.integers(MARGIN, WIDTH - ink.shape[1] - MARGIN))
    plane = np.zeros((HEIGHT, WIDTH))
    plane[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return plane


def on_paper(ink: Plane, paper: float | Plane = 235.0, pen: float = 45.0) -> Plane:
    """Return the brightness of paper with ink on it."""
    return paper + (pen - paper) * ink


def jpeg(picture: np.ndarray, generator: np.random.Generator, noise: float = 3.0, quality: int = 85) -> bytes:
    """Encode brightness (h, w) or colours (h, w, 3) as JPEG, with sensor noise added."""
    noisy = picture + generator.normal(0, noise, picture.shape)
    return encoded(np.clip(noisy, 0, 255).astype(np.uint8), "JPEG", quality=quality)


def encoded(picture: np.ndarray | Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Encode a picture as a file."""
    buffer = io.BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def coloured(ink: Plane, paper: tuple[int, int, int], pen: tuple[int, int, int]) -> np.ndarray:
    """Return coloured ink on coloured paper, float (h, w, 3)."""
    channels = zip(paper, pen, strict=True)
    return np.dstack([on_paper(ink, paper_value, pen_value) for paper_value, pen_value in channels])


def smooth_noise(generator: np.random.Generator, size: int) -> Plane:
    """Return noise with mean 0, standard deviation about 1 and a correlation length of about `size` pixels."""
    coarse = generator.normal(0, 1, (HEIGHT // size + 2, WIDTH // size + 2)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))


def shadow(generator: np.random.Generator, softness: float, depth: tuple[float, float] = (0.4, 0.7)) -> Plane:
    """Return light, 0..1, with a shadow on one side of a slanted line; the shadow's edge is `softness` pixels wide."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    angle = generator.uniform(0, 2 * np.pi)
    distance = (columns - WIDTH / 2) * np.cos(angle) + (rows - HEIGHT / 2) * np.sin(angle)
    darkness = np.clip((distance - generator.uniform(-120, 120)) / softness + 0.5, 0, 1)
    return 1 - darkness * (1 - generator.uniform(*depth))


def light(generator: np.random.Generator) -> Plane:
    """Return light, 0..1, from a lamp on one side, with vignetting."""
    rows, columns = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    angle = generator.uniform(0, 2 * np.pi)
    slope = generator.uniform(0.1, 0.35) * (columns * np.cos(angle) + rows * np.sin(angle)) / np.sqrt(2)
    return np.clip(0.8 + slope - generator.uniform(0.05, 0.2) * (rows**2 + columns**2) / 2, 0.1, 1)


def ruled(generator: np.random.Generator, grid: bool, tilt: float = 2.0) -> Plane:
    """Draw lines or a grid, 0..1: 1 to 2.5 pixels thick, 30 to 60 pixels apart, tilted by up to `tilt` degrees."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    slope, step = np.tan(np.radians(generator.uniform(-tilt, tilt))), generator.integers(30, 61)
    thickness, start = generator.uniform(1, 2.5), generator.uniform(0, step)
    lines = (rows + slope * columns + start) % step < thickness
    if grid:
        lines |= (columns - slope * rows + start) % step < thickness
    return lines * generator.uniform(0.25, 0.6)


def on_table(sheet: Plane, generator: np.random.Generator, table: tuple[float, float], tilt: float = 12.0) -> Plane:
    """Shrink and rotate a sheet and put it on a grained table, sometimes partly outside the picture."""
    paper = Image.fromarray(sheet.astype(np.float32))
    scale = generator.uniform(0.55, 0.85)
    paper = paper.resize((round(WIDTH * scale), round(HEIGHT * scale)), Image.Resampling.BILINEAR)
    rotated = np.asarray(paper.rotate(generator.uniform(-tilt, tilt), Image.Resampling.BILINEAR, True, fillcolor=-1000))
    background = generator.uniform(*table) * (
        1 + 0.06 * smooth_noise(generator, 40) + 0.05 * smooth_noise(generator, 4)
    )
    free_space = WIDTH - rotated.shape[1], HEIGHT - rotated.shape[0]
    left, top = (int(generator.integers(min(0, side) - 10, max(1, side + 10))) for side in free_space)
    picture = Image.fromarray(background.astype(np.float32))
    picture.paste(Image.fromarray(rotated), (left, top), Image.fromarray((rotated >= 0).astype(np.uint8) * 255))
    return np.asarray(picture)
