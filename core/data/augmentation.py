"""Random changes of training images, whole batches at a time, without TensorFlow: training and preview share it."""

from __future__ import annotations

import numpy as np

from core.config import AugmentationConfig

SIDE = 28
NOISY_SHARE = 0.1


def augment(images: np.ndarray, config: AugmentationConfig, generator: np.random.Generator) -> np.ndarray:
    """Change the strokes of each image of a batch, rotate, shift, zoom, shear and bend it, then add noise, at random.

    `images`: uint8 (n, 28, 28); returns the same shape and dtype. All that moves ink is one map and one bilinear
    look-up, so that ink is blurred once, not five times. What moves in from outside is background (0).
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
        rows += _bends(len(images), config.elastic, generator)
        columns += _bends(len(images), config.elastic, generator)
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
    """Noise in every pixel of a tenth of the images: most that people draw has none."""
    chosen = np.flatnonzero(generator.random(len(images)) < NOISY_SHARE)
    spreads = generator.uniform(0, 255 * most, (len(chosen), 1, 1)).astype(np.float32)
    noise = generator.standard_normal((len(chosen), SIDE, SIDE), np.float32) * spreads
    images = images.copy()
    images[chosen] = np.clip(images[chosen] + noise + 0.5, 0, 255)
    return images


def _bends(count: int, amount: float, generator: np.random.Generator) -> np.ndarray:
    """Smooth random displacements (count, 784), float32, normally distributed with `amount` pixels as deviation.

    Elastic distortion (Simard, Steinkraus and Platt, 2003), its noise drawn on a coarse grid instead of each pixel.
    """
    noise = generator.standard_normal((count, _BEND_BASIS.shape[1], _BEND_BASIS.shape[1]), np.float32)
    return (_BEND_BASIS @ noise @ _BEND_BASIS.T).reshape(count, -1) * np.float32(amount)


def _bend_basis() -> np.ndarray:
    """Gaussians of `BEND_WIDTH` pixels around the coarse grid's lines, (28, lines); each row has length 1."""
    lines = np.arange(-BEND_WIDTH, SIDE + BEND_WIDTH + 1, BEND_WIDTH)
    basis = np.exp(-(((np.arange(SIDE)[:, np.newaxis] - lines) / BEND_WIDTH) ** 2) / 2)
    return (basis / np.linalg.norm(basis, axis=1, keepdims=True)).astype(np.float32)


BEND_WIDTH = 5
"""Deviation in pixels of the Gaussian that makes elastic displacements smooth."""
_BEND_BASIS = _bend_basis()


def _matrices(count: int, config: AugmentationConfig, generator: np.random.Generator) -> np.ndarray:
    """Affine maps (count, 2, 3) from a pixel of the result to its place in the source, about the centre."""

    def uniform(bound: float) -> np.ndarray:
        return generator.uniform(-bound, bound, count)

    angle = np.radians(uniform(config.rotation))
    slant = np.tan(np.radians(uniform(config.shear)))
    # A factor and its inverse are equally likely, so that digits don't grow on average.
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
    """Values of `images` at fractional positions (n, 784), rounded to uint8."""
    # One pixel of background on each side stands for everything outside.
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
