"""The disputed labels in MNIST's test set, with synthetic predictions."""

from __future__ import annotations

import numpy as np
import pytest

from core.classifier.disputed import DISPUTED_INDICES, disputed_labels
from core.classifier.evaluation import Evaluation
from core.data.sources import MNIST_FINGERPRINT


def evaluation_with_mistakes(wrong: list[int], count: int = 10_000) -> Evaluation:
    """Return predictions of 1 for the images in `wrong`, and of 0 for the others; all labels are 0."""
    predictions = np.zeros(count, np.uint8)
    predictions[wrong] = 1
    return Evaluation(np.eye(10, dtype=np.float32)[predictions], np.zeros(count, np.uint8))


def test_mistakes_on_disputed_labels_are_listed() -> None:
    disputed = disputed_labels(MNIST_FINGERPRINT, evaluation_with_mistakes([5, 947, 9729]))

    assert disputed is not None
    assert disputed.mistakes == (947, 9729)
    assert disputed.accuracy_without == pytest.approx(1 - 1 / 9985)


def test_accuracy_without_mistakes_is_1() -> None:
    disputed = disputed_labels(MNIST_FINGERPRINT, evaluation_with_mistakes([]))

    assert disputed is not None
    assert (disputed.mistakes, disputed.accuracy_without) == ((), 1.0)


def test_other_data_has_no_disputed_labels() -> None:
    assert disputed_labels("0" * 64, evaluation_with_mistakes([947])) is None


def test_all_15_disputed_images_are_in_the_test_set() -> None:
    assert len(set(DISPUTED_INDICES)) == 15
    assert all(0 <= index < 10_000 for index in DISPUTED_INDICES)
