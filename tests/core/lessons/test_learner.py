"""The network that trains while a person watches."""

from __future__ import annotations

import pytest

from core.config import AugmentationConfig
from core.data.datasets import Dataset, load_dataset
from core.lessons.learner import MAX_LOSS, first_images, train
from core.workspace import Workspace


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return load_dataset("digits", Workspace(tmp_path_factory.mktemp("digits")))


def test_learning_rate_decides_what_is_learned(data: Dataset) -> None:
    small, suitable, large = (
        train(data.train, data.validation, learning_rate=rate, steps=200, points=4) for rate in (0.0005, 0.1, 5.0)
    )

    assert suitable.validation[-1] > 0.8 > max(small.validation[-1], large.validation[-1])
    assert suitable.losses[-1] < small.losses[-1] < small.losses[0]
    assert suitable.steps == (0, 50, 100, 150, 200)
    assert suitable == train(data.train, data.validation, learning_rate=0.1, steps=200, points=4)


def test_overflowing_weights_do_not_raise_an_error(data: Dataset) -> None:
    training = train(data.train, data.validation, learning_rate=1e30, steps=20, points=4)

    assert all(0 <= loss <= MAX_LOSS for loss in training.losses)


def test_few_images_are_memorised(data: Dataset) -> None:
    small_split = first_images(data.train, 60)

    plain = train(small_split, data.validation, learning_rate=0.1, steps=300, points=1)
    augmented = train(
        small_split,
        data.validation,
        learning_rate=0.1,
        steps=300,
        points=1,
        augmentation=AugmentationConfig(rotation=10, shift=0.05),
    )

    assert plain.train[-1] == 1
    assert plain.validation[-1] < 0.9
    assert augmented != plain
