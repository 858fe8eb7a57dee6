"""Batches: every image once per epoch, pen digits drawn anew, smoothed labels, weaker augmentation at the end."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.datasets import Split
from core.handwriting.pen_digits import PenDigit
from core.training.batches import images_in_epoch, training_batches
from tests.support.tiny_training import tiny_config


@pytest.mark.parametrize("count", [1, 5, 8, 13])
def test_every_image_appears_once_per_epoch(count: int) -> None:
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 0, 0] = np.arange(count)
    config = tiny_config(epochs=3, batch_size=8)

    batches = list(training_batches(Split(images, np.arange(count, dtype=np.uint8) % 10), config).as_numpy_iterator())

    indices = np.concatenate([batch[:, 0, 0, 0] * 255 for batch, _ in batches]).round().astype(int)
    epochs = indices.reshape(3, count)
    assert all(sorted(epoch) == list(range(count)) for epoch in epochs)
    labels = np.concatenate([one_hot.argmax(1) for _, one_hot in batches])
    assert np.array_equal(labels, indices % 10)
    assert count < 5 or not np.array_equal(epochs[0], epochs[1])


def test_label_smoothing_spreads_probability_over_all_digits() -> None:
    split = Split(np.zeros((8, 28, 28), np.uint8), np.arange(8, dtype=np.uint8))

    _, labels = next(training_batches(split, tiny_config(label_smoothing=0.1, batch_size=8)).as_numpy_iterator())

    assert labels.max(axis=1) == pytest.approx(0.91)
    assert labels.min(axis=1) == pytest.approx(0.01)
    assert sorted(labels.argmax(axis=1)) == list(range(8))


def test_augmentation_is_weaker_in_the_final_epochs() -> None:
    bars = np.zeros((256, 28, 28), np.uint8)
    bars[:, 4:24, 13:15] = 255
    config = tiny_config(epochs=2, final_epochs=1, rotation=40.0, batch_size=256)

    first, last = training_batches(Split(bars, np.zeros(256, np.uint8)), config).as_numpy_iterator()

    changes = [np.abs(images[..., 0] - bars / 255).mean() for images, _ in (first, last)]
    assert 0 < changes[1] < 0.8 * changes[0]


def test_pen_digits_are_drawn_anew_in_each_epoch() -> None:
    blank = Split(np.zeros((20, 28, 28), np.uint8), np.zeros(20, np.uint8))
    pen_digits = [PenDigit(label, 1, [[(0, 0), (10 * label, 100)]]) for label in (1, 7)]
    config = tiny_config(epochs=2, batch_size=8, pen_digits=3)

    batches = list(training_batches(blank, config, pen_digits=pen_digits).as_numpy_iterator())

    assert images_in_epoch(blank, config, pen_digits) == 26
    assert [len(images) for images, _ in batches] == [8, 8, 8, 2] * 2
    images, labels = (np.concatenate(arrays).reshape(2, 26, -1) for arrays in zip(*batches, strict=True))
    drawn = [epoch[epoch.max(axis=1) > 0] for epoch in images]
    assert [len(epoch) for epoch in drawn] == [6, 6]
    assert len(np.unique(np.concatenate(drawn), axis=0)) == 12
    counts = [np.bincount(epoch.argmax(axis=1), minlength=10).tolist() for epoch in labels]
    assert counts == [[20, 3, 0, 0, 0, 0, 0, 3, 0, 0]] * 2


def test_resumed_batches_equal_those_of_an_uninterrupted_run() -> None:
    split = Split(np.full((8, 28, 28), 9, np.uint8), np.arange(8, dtype=np.uint8))
    pen_digits = [PenDigit(4, 1, [[(0, 0), (30, 100)]])]
    config = tiny_config(epochs=2, batch_size=8, pen_digits=2, rotation=5)

    uninterrupted = list(training_batches(split, config, pen_digits=pen_digits).as_numpy_iterator())
    resumed = list(training_batches(split, config, 1, pen_digits=pen_digits).as_numpy_iterator())

    assert all(
        np.array_equal(images, again) for (images, _), (again, _) in zip(uninterrupted[2:], resumed, strict=True)
    )


def test_pen_digits_are_augmented_like_other_images() -> None:
    empty_split = Split(np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8))
    pen_digits = [PenDigit(1, 1, [[(0, 0), (0, 100)]])]

    def draw(rotation: float) -> np.ndarray:
        config = tiny_config(batch_size=8, pen_digits=8, rotation=rotation)
        images, _ = next(training_batches(empty_split, config, pen_digits=pen_digits).as_numpy_iterator())
        return np.asarray(images)

    assert np.array_equal(draw(0), draw(0))
    changed = np.abs(draw(40) - draw(0)).mean(axis=(1, 2, 3))
    assert (changed > 0.001).all()
