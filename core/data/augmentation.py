"""Random changes of training images, a batch at a time, without TensorFlow: training and preview share it."""

from __future__ import annotations

import numpy as np

from core.config import AugmentationConfig

SIDE = 28  # pixels
NOISY_SHARE = 0.1  # of a batch; most digits that people draw have no noise


def augment(images: np.ndarray, config: AugmentationConfig, generator: np.random.Generator) -> np.ndarray:
    """Change strokes, rotate, shift, zoom, shear and distort each image of a batch at random, then add noise.

    `images`: uint8 (n, 28, 28); returns the same shape and dtype. All moves are one map and one bilinear look-up, so
    that ink is blurred once, not five times. Pixels from outside the image are background (0).
    """
    if not config.active or not len(images):
        return images
    if config.stroke:
        images = _restroked(images, generator.uniform(-config.stroke, config.stroke, len(images)))
    if config.moves:
        images = _moved(images, config, generator)
    return _with_noise(images, config.noise, generator) if config.noise else images


def _moved(images: np.ndarray, config: AugmentationConfig, generator: np.random.Generator) -> np.ndarray:
    rows, columns = _source_positions(_matrices(len(images), config, generator))
    if config.elastic:
        rows += _displacements(len(images), config.elastic, generator)
        columns += _displacements(len(images), config.elastic, generator)
    return _bilinear(images, rows, columns)


def _restroked(images: np.ndarray, amounts: np.ndarray) -> np.ndarray:
    """Thicken (amount > 0) or thin (< 0) strokes: a mix with the dilated or eroded image, as bright as before."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    sides = padded[:, :-2, 1:-1], padded[:, 2:, 1:-1], padded[:, 1:-1, :-2], padded[:, 1:-1, 2:]
    thick = amounts > 0
    changed = images.copy()
    for side in sides:
        changed[thick] = np.maximum(changed[thick], side[thick])
        changed[~thick] = np.minimum(changed[~thick], side[~thick])
    share = np.abs(amounts).astype(np.float32)[:, np.newaxis, np.newaxis]
    mixed = images * (1 - share) + changed * share
    brightness = images.max((1, 2)) / np.maximum(mixed.max((1, 2)), 1)
    return (mixed * brightness[:, np.newaxis, np.newaxis] + 0.5).astype(np.uint8)


def _with_noise(images: np.ndarray, most: float, generator: np.random.Generator) -> np.ndarray:
    """Add noise to every pixel of a few of the images."""
    chosen = np.flatnonzero(generator.random(len(images)) < NOISY_SHARE)
    spreads = generator.uniform(0, 255 * most, (len(chosen), 1, 1)).astype(np.float32)
    noise = generator.standard_normal((len(chosen), SIDE, SIDE), np.float32) * spreads
    images = images.copy()
    images[chosen] = np.clip(images[chosen] + noise + 0.5, 0, 255)
    return images


def _displacements(count: int, amount: float, generator: np.random.Generator) -> np.ndarray:
    """Return smooth random displacements (count, 784), float32, with a standard deviation of `amount` pixels.

    Elastic distortion (Simard, Steinkraus and Platt, 2003), with noise on a coarse grid instead of every pixel.
    """
    noise = generator.standard_normal((count, _ELASTIC_BASIS.shape[1], _ELASTIC_BASIS.shape[1]), np.float32)
    return (_ELASTIC_BASIS @ noise @ _ELASTIC_BASIS.T).reshape(count, -1) * np.float32(amount)


def _elastic_basis() -> np.ndarray:
    """Return Gaussians of `ELASTIC_WIDTH` pixels around the coarse grid's lines, (28, lines); each row has length 1."""
    lines = np.arange(-ELASTIC_WIDTH, SIDE + ELASTIC_WIDTH + 1, ELASTIC_WIDTH)
    basis = np.exp(-(((np.arange(SIDE)[:, np.newaxis] - lines) / ELASTIC_WIDTH) ** 2) / 2)
    return (basis / np.linalg.norm(basis, axis=1, keepdims=True)).astype(np.float32)


ELASTIC_WIDTH = 5
"""Standard deviation in pixels of the Gaussian that makes elastic displacements smooth."""
_ELASTIC_BASIS = _elastic_basis()


def _matrices(count: int, config: AugmentationConfig, generator: np.random.Generator) -> np.ndarray:
    """Return affine maps (count, 2, 3) from a pixel of the result to its place in the source, about the centre."""

    def uniform(bound: float) -> np.ndarray:
        return generator.uniform(-bound, bound, count)

    angle = np.radians(uniform(config.rotation))
    slant = np.tan(np.radians(uniform(config.shear)))
    # A factor and its inverse are equally likely, so that digits do not grow on average.
    scale = np.exp(uniform(np.log1p(config.zoom)))
    cosine, sine = np.cos(angle) / scale, np.sin(angle) / scale
    linear = np.stack([np.stack([cosine, sine], -1), np.stack([slant * cosine - sine, slant * sine + cosine], -1)], -2)
    offset = np.stack([uniform(config.shift * SIDE), uniform(config.shift * SIDE)], -1)
    return np.concatenate([linear, offset[..., np.newaxis]], -1)


def _source_positions(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    centre = (SIDE - 1) / 2
    row, column = np.meshgrid(np.arange(SIDE) - centre, np.arange(SIDE) - centre, indexing="ij")
    grid = np.stack([row.ravel(), column.ravel(), np.ones(SIDE * SIDE)])
    positions = (matrices @ grid).astype(np.float32) + np.float32(centre)
    return positions[:, 0], positions[:, 1]


def _bilinear(images: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Look up `images` at fractional positions (n, 784), rounded to uint8."""
    # One pixel of background on each side represents everything outside.
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1))).reshape(len(images), -1).astype(np.float32)
    width = SIDE + 2
    rows, columns = np.clip(rows + 1, 0, SIDE + 0.999), np.clip(columns + 1, 0, SIDE + 0.999)
    top, left = rows.astype(np.int32), columns.astype(np.int32)
    down, right = rows - top, columns - left
    first = (np.arange(len(images), dtype=np.int32) * padded.shape[1])[:, np.newaxis] + top * width + left
    flat = padded.ravel()
    upper = flat[first] * (1 - right) + flat[first + 1] * right
    lower = flat[first + width] * (1 - right) + flat[first + width + 1] * right
    mixed = upper * (1 - down) + lower * down
    return (mixed + 0.5).astype(np.uint8).reshape(images.shape)
