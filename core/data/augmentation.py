"""Random changes of training images, whole batches at a time, without TensorFlow: training and preview share it."""

from __future__ import annotations

import numpy as np

from core.config import AugmentationConfig

SIDE = 28


def augment(images: np.ndarray, config: AugmentationConfig, generator: np.random.Generator) -> np.ndarray:
    """Rotate, shift, zoom and shear each image of a batch by its own random amounts.

    `images`: uint8 (n, 28, 28); returns the same shape and dtype. The four changes are one affine map and one
    bilinear look-up, so that ink is blurred once, not four times. What moves in from outside is background (0).
    """
    if not config.active or not len(images):
        return images
    rows, columns = _source_positions(_matrices(len(images), config, generator))
    return _bilinear(images, rows, columns)


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
