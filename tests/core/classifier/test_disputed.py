"""The disputed labels of MNIST's test set, with synthetic predictions."""

from __future__ import annotations

import numpy as np
import pytest

from core.classifier.disputed import DISPUTED_INDICES, disputed_labels
from core.classifier.evaluation import Evaluation
from core.data.sources import MNIST_FINGERPRINT


def answers(wrong: list[int], count: int = 10_000) -> Evaluation:
    """All labels are 0; the images named are read as 1."""
    said = np.zeros(count, np.uint8)
    said[wrong] = 1
    return Evaluation(np.eye(10, dtype=np.float32)[said], np.zeros(count, np.uint8))


def test_mistakes_on_disputed_labels_are_separated() -> None:
    found = disputed_labels(MNIST_FINGERPRINT, answers([5, 947, 9729]))

    assert found is not None
    assert found.mistakes == (947, 9729)
    assert found.accuracy_without == pytest.approx(1 - 1 / 9985)


def test_accuracy_without_mistakes_is_1() -> None:
    found = disputed_labels(MNIST_FINGERPRINT, answers([]))

    assert found is not None
    assert (found.mistakes, found.accuracy_without) == ((), 1.0)


def test_other_data_has_no_disputed_labels() -> None:
    assert disputed_labels("0" * 64, answers([947])) is None


def test_all_15_disputed_images_are_in_the_test_set() -> None:
    assert len(set(DISPUTED_INDICES)) == 15
    assert all(0 <= index < 10_000 for index in DISPUTED_INDICES)
