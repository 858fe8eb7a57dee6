"""Random augmentation of image batches, without TensorFlow, so that training and the preview can share it."""

from __future__ import annotations

import numpy as np

from core.config import AugmentationConfig

SIDE = 28
"""Side of an image in pixels."""

NOISY_FRACTION = 0.1
"""Probability that an image gets noise, which is low because most digits that people draw have no noise."""

ELASTIC_SIGMA = 5
"""Standard deviation in pixels of the Gaussian that smooths elastic displacements."""


def augment(images: np.ndarray, config: AugmentationConfig, rng: np.random.Generator) -> np.ndarray:
    """Thicken or thin strokes, rotate, shift, zoom, shear and distort each image at random, then add noise.

    `images`: uint8 (n, 28, 28); returns the same shape and dtype. All geometric transforms are combined into one
    mapping and applied with a single bilinear interpolation, so the ink is blurred only once. Pixels from outside the
    image are background (0).
    """
    if not config.active or not len(images):
        return images
    if config.stroke:
        images = _change_stroke_width(images, rng.uniform(-config.stroke, config.stroke, len(images)))
    if config.has_geometric_transforms:
        images = _warp(images, config, rng)
    return _add_noise(images, config.noise, rng) if config.noise else images


def _warp(images: np.ndarray, config: AugmentationConfig, rng: np.random.Generator) -> np.ndarray:
    rows, columns = _source_positions(_random_affine_matrices(len(images), config, rng))
    if config.elastic:
        rows += _random_displacements(len(images), config.elastic, rng)
        columns += _random_displacements(len(images), config.elastic, rng)
    return _interpolate(images, rows, columns)


def _change_stroke_width(images: np.ndarray, amounts: np.ndarray) -> np.ndarray:
    """Thicken (amount > 0) or thin (amount < 0) strokes by mixing with the dilated or eroded image.

    The maximum brightness of each image stays the same.
    """
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    neighbours = padded[:, :-2, 1:-1], padded[:, 2:, 1:-1], padded[:, 1:-1, :-2], padded[:, 1:-1, 2:]
    is_thickened = amounts > 0
    changed_images = images.copy()
    for neighbour in neighbours:
        changed_images[is_thickened] = np.maximum(changed_images[is_thickened], neighbour[is_thickened])
        changed_images[~is_thickened] = np.minimum(changed_images[~is_thickened], neighbour[~is_thickened])
    weight = np.abs(amounts).astype(np.float32)[:, np.newaxis, np.newaxis]
    mixed_images = images * (1 - weight) + changed_images * weight
    gain = images.max((1, 2)) / np.maximum(mixed_images.max((1, 2)), 1)
    return (mixed_images * gain[:, np.newaxis, np.newaxis] + 0.5).astype(np.uint8)


def _add_noise(images: np.ndarray, max_noise: float, rng: np.random.Generator) -> np.ndarray:
    """Add Gaussian noise to a random tenth of the images."""
    noisy_indices = np.flatnonzero(rng.random(len(images)) < NOISY_FRACTION)
    sigmas = rng.uniform(0, 255 * max_noise, (len(noisy_indices), 1, 1)).astype(np.float32)
    noise = rng.standard_normal((len(noisy_indices), SIDE, SIDE), np.float32) * sigmas
    images = images.copy()
    images[noisy_indices] = np.clip(images[noisy_indices] + noise + 0.5, 0, 255)
    return images


def _random_displacements(count: int, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Return smooth random displacements (count, 784), float32, with a standard deviation of `amount` pixels.

    Elastic distortion (Simard, Steinkraus and Platt, 2003), with noise on a coarse grid rather than at every pixel.
    """
    noise = rng.standard_normal((count, _ELASTIC_BASIS.shape[1], _ELASTIC_BASIS.shape[1]), np.float32)
    return (_ELASTIC_BASIS @ noise @ _ELASTIC_BASIS.T).reshape(count, -1) * np.float32(amount)


def _elastic_basis() -> np.ndarray:
    """Return the weight of each grid line for each pixel row or column, float32 (28, lines).

    The weights are Gaussians around the lines. Each row has a Euclidean norm of 1, so that displacements keep the
    standard deviation of the noise.
    """
    lines = np.arange(-ELASTIC_SIGMA, SIDE + ELASTIC_SIGMA + 1, ELASTIC_SIGMA)
    basis = np.exp(-(((np.arange(SIDE)[:, np.newaxis] - lines) / ELASTIC_SIGMA) ** 2) / 2)
    return (basis / np.linalg.norm(basis, axis=1, keepdims=True)).astype(np.float32)


_ELASTIC_BASIS = _elastic_basis()


def _random_affine_matrices(count: int, config: AugmentationConfig, rng: np.random.Generator) -> np.ndarray:
    """Return affine matrices (count, 2, 3) that map each (row, column) of the result to its position in the source.

    Positions are relative to the centre of the image. Each matrix is [shear @ rotation / scale, shift].
    """

    def uniform(bound: float) -> np.ndarray:
        return rng.uniform(-bound, bound, count)

    angle = np.radians(uniform(config.rotation))
    slant = np.tan(np.radians(uniform(config.shear)))
    # The factor is drawn on a log scale, where a factor and its inverse are equally likely, so digits do not grow on
    # average.
    scale = np.exp(uniform(np.log1p(config.zoom)))
    cosine, sine = np.cos(angle) / scale, np.sin(angle) / scale
    # The product of the shear [[1, 0], [slant, 1]] and the scaled rotation [[cosine, sine], [-sine, cosine]].
    first_row = np.stack([cosine, sine], -1)
    second_row = np.stack([slant * cosine - sine, slant * sine + cosine], -1)
    linear = np.stack([first_row, second_row], -2)
    offset = np.stack([uniform(config.shift * SIDE), uniform(config.shift * SIDE)], -1)
    return np.concatenate([linear, offset[..., np.newaxis]], -1)


def _source_positions(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the source row and column, float32 (n, 784) each, of every pixel of the results."""
    centre = (SIDE - 1) / 2
    row, column = np.meshgrid(np.arange(SIDE) - centre, np.arange(SIDE) - centre, indexing="ij")
    grid = np.stack([row.ravel(), column.ravel(), np.ones(SIDE * SIDE)])
    positions = (matrices @ grid).astype(np.float32) + np.float32(centre)
    return positions[:, 0], positions[:, 1]


def _interpolate(images: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Interpolate `images` at fractional positions (n, 784) and round to uint8."""
    # A border of one background pixel represents everything outside the image.
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1))).reshape(len(images), -1).astype(np.float32)
    width = SIDE + 2
    rows, columns = np.clip(rows + 1, 0, SIDE + 0.999), np.clip(columns + 1, 0, SIDE + 0.999)
    top, left = rows.astype(np.int32), columns.astype(np.int32)
    row_fraction, column_fraction = rows - top, columns - left
    image_start = (np.arange(len(images), dtype=np.int32) * padded.shape[1])[:, np.newaxis]
    top_left_index = image_start + top * width + left
    flat = padded.ravel()
    upper = flat[top_left_index] * (1 - column_fraction) + flat[top_left_index + 1] * column_fraction
    lower = flat[top_left_index + width] * (1 - column_fraction) + flat[top_left_index + width + 1] * column_fraction
    interpolated = upper * (1 - row_fraction) + lower * row_fraction
    return (interpolated + 0.5).astype(np.uint8).reshape(images.shape)
