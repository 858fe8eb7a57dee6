"""Out-of-distribution samples: their number, kinds and seed."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.datasets import Dataset, load_dataset
from core.handwriting.out_of_distribution import HELD_OUT_KINDS, KINDS, PROPORTIONS, out_of_distribution_samples
from core.ink.drawing import Pixels
from core.workspace import Workspace


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Pixels:
    dataset: Dataset = load_dataset("digits", Workspace(tmp_path_factory.mktemp("workspace")))
    return dataset.train.images


def test_seed_determines_the_samples(digits: Pixels) -> None:
    first, same_seed, other_seed = (out_of_distribution_samples(60, digits, seed) for seed in (1, 1, 2))

    assert np.array_equal(first, same_seed)
    assert not np.array_equal(first, other_seed)


def test_samples_are_distinct_images_with_ink(digits: Pixels) -> None:
    images = out_of_distribution_samples(100, digits, 3)

    assert images.shape == (100, 28, 28)
    assert images.dtype == np.uint8
    assert (images.max(axis=(1, 2)) > 40).all()
    assert len(np.unique(images.reshape(100, -1), axis=0)) == 100


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_drawn_on_its_own(digits: Pixels, kind: str) -> None:
    images = out_of_distribution_samples(12, digits, 4, proportions={kind: 1.0})

    assert images.shape == (12, 28, 28)
    assert images.any(axis=(1, 2)).all()


def test_pairs_are_mostly_wider_than_tall(digits: Pixels) -> None:
    pairs = out_of_distribution_samples(20, digits, 5, proportions={"pairs": 1.0}) > 0

    widths, heights = pairs.any(axis=1).sum(axis=1), pairs.any(axis=2).sum(axis=1)
    assert (widths >= heights).mean() > 0.6


def test_held_out_kinds_are_not_trained_on() -> None:
    assert not set(PROPORTIONS) & set(HELD_OUT_KINDS)
    assert sum(PROPORTIONS.values()) == pytest.approx(1)


def test_silhouettes_are_not_vertical_bars(digits: Pixels) -> None:
    silhouettes = out_of_distribution_samples(400, digits, 7, proportions={"silhouettes": 1.0}) > 40

    widths, heights = silhouettes.any(axis=1).sum(axis=1), silhouettes.any(axis=2).sum(axis=1)
    fill = silhouettes.sum(axis=(1, 2)) / (widths * heights)
    assert not ((widths <= 0.3 * heights) & (fill >= 0.6)).any()


def test_count_of_zero_gives_an_empty_array(digits: Pixels) -> None:
    assert out_of_distribution_samples(0, digits, 6).shape == (0, 28, 28)
