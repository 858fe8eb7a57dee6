"""Suspicious labels, found by confident learning."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.court.suspicion import class_thresholds, normalised_margins, suspicious_labels


def random_predictions(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities (n, 10), often confident, and labels that mostly agree with them."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(10, 0.1), count).astype(np.float32)
    labels = np.where(rng.random(count) < 0.8, probabilities.argmax(axis=1), rng.integers(0, 10, count))
    return probabilities, labels.astype(np.uint8)


@given(st.integers(0, 1000), st.integers(1, 200))
def test_suspicious_labels_have_a_better_confident_digit(seed: int, count: int) -> None:
    probabilities, labels = random_predictions(seed, count)

    found = suspicious_labels(probabilities, labels)

    thresholds = class_thresholds(probabilities, labels)
    for index in found:
        label = labels[index]
        rivals = [digit for digit in range(10) if digit != label and probabilities[index, digit] >= thresholds[digit]]
        assert rivals
        is_confident = probabilities[index, label] >= thresholds[label]
        assert not is_confident or probabilities[index, rivals].max() >= probabilities[index, label]
    assert len(set(found.tolist())) == len(found)
    assert (np.diff(normalised_margins(probabilities, labels)[found]) >= 0).all()


@given(st.integers(0, 99), st.integers(1, 9))
def test_the_one_flipped_label_is_found(flipped_index: int, offset: int) -> None:
    labels = (np.arange(100) % 10).astype(np.uint8)
    probabilities = np.full((100, 10), 0.01)
    probabilities[np.arange(100), labels] = 0.91
    labels[flipped_index] = (labels[flipped_index] + offset) % 10

    assert suspicious_labels(probabilities, labels).tolist() == [flipped_index]


@given(st.integers(0, 1000), st.integers(1, 100))
def test_margins_are_negative_where_the_prediction_differs(seed: int, count: int) -> None:
    probabilities, labels = random_predictions(seed, count)

    margins = normalised_margins(probabilities, labels)

    assert ((margins < 0) == (probabilities.argmax(axis=1) != labels)).all()
    assert (np.abs(margins) <= 1).all()


def test_digit_without_images_is_never_suspected() -> None:
    labels = np.zeros(4, np.uint8)
    probabilities = np.zeros((4, 10))
    probabilities[:3, 0] = probabilities[3, 7] = 1.0

    assert class_thresholds(probabilities, labels)[7] == np.inf
    assert suspicious_labels(probabilities, labels).tolist() == []
