"""Augmentation changes images within its configured limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import AugmentationConfig
from core.data.augmentation import augment

configs = st.builds(
    AugmentationConfig,
    rotation=st.floats(0, 45),
    shift=st.floats(0, 0.3),
    zoom=st.floats(0, 0.5),
    shear=st.floats(0, 30),
    elastic=st.floats(0, 3),
    stroke=st.floats(0, 1),
    noise=st.floats(0, 0.5),
)


def bar() -> np.ndarray:
    """Return an image of a vertical bar, as a batch of one."""
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 6:22, 12:16] = 255
    return image


def mean_position(image: np.ndarray) -> np.ndarray:
    weights = image.astype(float)
    return np.array([(weights.sum(axis) * np.arange(28)).sum() for axis in (1, 0)]) / weights.sum()


@given(configs, st.integers(0, 2**32 - 1), st.integers(0, 5))
def test_augmentation_keeps_shape_and_dtype_and_is_repeatable(
    config: AugmentationConfig, seed: int, count: int
) -> None:
    images = np.random.default_rng(seed).integers(0, 256, (count, 28, 28), np.uint8)

    first = augment(images, config, np.random.default_rng(seed))
    second = augment(images, config, np.random.default_rng(seed))

    assert first.shape == images.shape
    assert first.dtype == np.uint8
    assert np.array_equal(first, second)


@given(configs, st.integers(0, 1000))
def test_without_noise_black_stays_black(config: AugmentationConfig, seed: int) -> None:
    black = np.zeros((3, 28, 28), np.uint8)

    without_noise = config.model_copy(update={"noise": 0.0})
    assert not augment(black, without_noise, np.random.default_rng(seed)).any()


def test_a_tenth_of_the_images_are_noisy() -> None:
    grey = np.full((2000, 28, 28), 127, np.uint8)

    noisy = augment(grey, AugmentationConfig(noise=0.2), np.random.default_rng(5))

    sigmas = noisy.std(axis=(1, 2)) / 255
    assert (sigmas > 0).mean() == pytest.approx(0.1, abs=0.03)
    assert 0.18 < sigmas.max() < 0.22
    assert np.median(sigmas[sigmas > 0]) == pytest.approx(0.1, abs=0.02)


def test_inactive_augmentation_changes_nothing() -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 28, 28), np.uint8)

    assert np.array_equal(augment(images, AugmentationConfig(), np.random.default_rng(0)), images)


@given(st.integers(0, 1000))
def test_shift_stays_within_its_limit(seed: int) -> None:
    shifted = augment(bar(), AugmentationConfig(shift=0.1), np.random.default_rng(seed))

    distance = np.abs(mean_position(shifted[0]) - mean_position(bar()[0]))
    assert (distance <= 2.8 + 0.1).all()


def test_shifts_are_symmetric() -> None:
    shifted = augment(np.repeat(bar(), 400, axis=0), AugmentationConfig(shift=0.1), np.random.default_rng(0))

    offsets = np.array([mean_position(image) - mean_position(bar()[0]) for image in shifted])
    assert np.abs(offsets.mean(axis=0)).max() < 0.3
    assert offsets.std(axis=0) == pytest.approx([2.8 / np.sqrt(3)] * 2, rel=0.15)


def test_rotation_is_about_the_centre() -> None:
    rotated = augment(np.repeat(bar(), 200, axis=0), AugmentationConfig(rotation=45), np.random.default_rng(1))

    centres = np.array([mean_position(image) for image in rotated])
    assert np.abs(centres - 13.5).max() < 0.3
    widths = (rotated.max(axis=1) > 128).sum(axis=1)
    assert widths.max() > 10 > 4 >= widths.min()


def test_zoom_enlarges_as_often_as_it_shrinks() -> None:
    zoomed = augment(np.repeat(bar(), 400, axis=0), AugmentationConfig(zoom=0.3), np.random.default_rng(2))

    ink = zoomed.astype(float).sum(axis=(1, 2)) / bar().astype(float).sum()
    assert ink.max() <= 1.3**2 + 0.05
    assert ink.min() >= 1 / 1.3**2 - 0.05
    assert (ink > 1).mean() == pytest.approx(0.5, abs=0.1)


def test_strokes_become_thicker_or_thinner_and_stay_bright() -> None:
    changed = augment(np.repeat(bar(), 400, axis=0), AugmentationConfig(stroke=1), np.random.default_rng(3))

    ink = changed.astype(float).sum(axis=(1, 2)) / bar().astype(float).sum()
    # At most one pixel on each side of a 16-by-4 bar.
    assert 14 * 2 / 64 <= ink.min() < 0.7
    assert 1.4 < ink.max() <= 18 * 6 / 64
    assert (changed.max(axis=(1, 2)) == 255).all()


def test_elastic_distortion_is_smooth_and_has_configured_size() -> None:
    stripes = np.zeros((1, 28, 28), np.uint8)
    stripes[0, 13:15] = 255
    distorted = augment(np.repeat(stripes, 300, axis=0), AugmentationConfig(elastic=1.5), np.random.default_rng(4))

    columns = distorted[:, :, 4:24].astype(float)
    heights = (columns * np.arange(28)[:, np.newaxis]).sum(axis=1) / columns.sum(axis=1)
    assert (heights - 13.5).std() == pytest.approx(1.5, rel=0.15)
    # Neighbouring columns move up and down together.
    assert np.abs(np.diff(heights, axis=1)).mean() < 0.35
