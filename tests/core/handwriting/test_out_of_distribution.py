"""Pictures of what is no digit: as many as asked, of all kinds, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.datasets import Dataset, load_dataset
from core.handwriting.out_of_distribution import KINDS, outsiders
from core.ink.drawing import Pixels
from core.workspace import Workspace


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Pixels:
    dataset: Dataset = load_dataset("digits", Workspace(tmp_path_factory.mktemp("workspace")))
    return dataset.train.images


def test_the_same_seed_draws_the_same_and_another_seed_others(digits: Pixels) -> None:
    first, again, other = (outsiders(60, digits, seed) for seed in (1, 1, 2))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_they_look_like_what_a_model_sees(digits: Pixels) -> None:
    images = outsiders(100, digits, 3)

    assert images.shape == (100, 28, 28)
    assert images.dtype == np.uint8
    assert (images.max(axis=(1, 2)) > 40).all()
    assert len(np.unique(images.reshape(100, -1), axis=0)) == 100


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_drawn_alone(digits: Pixels, kind: str) -> None:
    assert outsiders(12, digits, 4, shares={kind: 1.0}).shape == (12, 28, 28)


def test_a_pair_of_digits_is_wider_than_high(digits: Pixels) -> None:
    pairs = outsiders(20, digits, 5, shares={"pairs": 1.0}) > 0

    widths, heights = pairs.any(axis=1).sum(axis=1), pairs.any(axis=2).sum(axis=1)
    assert (widths >= heights).mean() > 0.6


def test_none_at_all_is_an_empty_array(digits: Pixels) -> None:
    assert outsiders(0, digits, 6).shape == (0, 28, 28)
