"""The samples that the novelty detector is fitted on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.classifier.detector_samples import PORTIONS, Samples, detector_samples, draw_portion, portion_count
from core.data.datasets import Split, load_dataset
from core.handwriting.pen_digits import PenDigit
from core.workspace import Workspace
from tests.support.tiny_training import tiny_config


@pytest.fixture(scope="module")
def train() -> Split:
    return load_dataset("digits", Workspace(Path("unused"))).train


def blank_samples(digits: Split, seed: int) -> Samples:
    """Return a portion that costs nothing to draw."""
    return draw_portion(digits, seed, 0, draw_samples=lambda count, *_: np.zeros((count, 28, 28), np.uint8))


@given(st.integers(0, 60_000))
def test_recipes_with_more_synthetic_digits_get_more_portions(synthetic_digits: int) -> None:
    portions = portion_count(tiny_config(synthetic_digits=synthetic_digits))

    assert portions >= PORTIONS
    assert portions <= max(PORTIONS, synthetic_digits / 250)
    assert portions <= portion_count(tiny_config(synthetic_digits=min(60_000, synthetic_digits + 1000)))


def test_portion_depends_only_on_seed_and_index(train: Split) -> None:
    first, repeated, other_index, other_seed = (
        draw_portion(train, seed, index) for seed, index in ((1, 0), (1, 0), (1, 1), (2, 0))
    )

    np.testing.assert_array_equal(first.digits, repeated.digits)
    np.testing.assert_array_equal(first.out_of_distribution, repeated.out_of_distribution)
    for different in (other_index, other_seed):
        assert not np.array_equal(first.digits, different.digits)
        assert not np.array_equal(first.out_of_distribution[:20], different.out_of_distribution[:20])


def test_small_datasets_get_small_portions(train: Split) -> None:
    digits, _ = blank_samples(Split(train.images[:80], train.labels[:80]), seed=1)

    assert len(digits) == 2 * (80 // 4 // PORTIONS)


def test_samples_are_copied_and_training_images_added(train: Split) -> None:
    portion = draw_portion(train, 1, 0)

    samples = list(detector_samples(train, [portion, portion], seed=1))

    copies = samples[0].out_of_distribution[len(portion.out_of_distribution) :]
    assert len(copies) == len(portion.out_of_distribution)
    assert not np.array_equal(copies, portion.out_of_distribution)
    plain_and_augmented = np.concatenate([item.digits for item in samples[2:]])
    count = len(train) // 4
    assert len(plain_and_augmented) == 2 * count
    assert all(any(np.array_equal(image, original) for original in train.images) for image in plain_and_augmented[:5])
    assert sum(len(item.out_of_distribution) for item in samples[2:]) == 0


def test_pen_digits_are_added_to_a_portion(train: Split) -> None:
    small_train = Split(train.images[:80], train.labels[:80])
    pen_digits = [PenDigit(1, 1, [[(0, 0), (0, 100)]])]

    without_pen_digits, with_pen_digits = (
        draw_portion(small_train, 1, 0, extra_digits) for extra_digits in ((), pen_digits)
    )

    assert len(with_pen_digits.digits) == 1.5 * len(without_pen_digits.digits)
    assert len(with_pen_digits.out_of_distribution) == len(without_pen_digits.out_of_distribution)
