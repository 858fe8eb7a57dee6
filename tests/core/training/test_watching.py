"""The watched validation images: two of each digit, an easy one and a harder one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.data.datasets import Split, load_dataset
from core.training.watching import _hardness, choose_watched
from core.workspace import Workspace


def test_two_images_of_each_digit_are_watched_the_second_harder() -> None:
    digits = load_dataset("digits", Workspace(Path("unused")))

    indices = choose_watched(digits.train, digits.validation, 500, seed=3)

    labels = digits.validation.labels
    easy, hard = indices[:10], indices[10:]
    assert labels[easy].tolist() == labels[hard].tolist() == list(range(10))
    assert len(set(indices.tolist())) == 20
    hardness = _hardness(digits.validation.images, labels, digits.train)
    assert (hardness[hard] > hardness[easy]).all()
    assert np.array_equal(indices, choose_watched(digits.train, digits.validation, 500, seed=3))
    assert not np.array_equal(indices, choose_watched(digits.train, digits.validation, 500, seed=4))


def test_rare_digits_are_watched_as_far_as_they_exist() -> None:
    images = np.zeros((4, 28, 28), np.uint8)
    images[1:] = 90
    split = Split(images, np.array([2, 7, 7, 7], np.uint8))

    indices = choose_watched(split, split, 500, seed=0)

    assert split.labels[indices].tolist() == [2, 7, 2, 7]
