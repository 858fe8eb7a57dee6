"""The order in which the court asks about images."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.classifier.bundle import Bundle
from core.classifier.evaluation import mistakes
from core.court.cases import PART_SIZE, blind_order, cases_of_test_set, cases_of_training_set
from core.court.out_of_fold import OutOfFold
from core.court.votes import published_votes, reviewed_choices
from core.workspace import SHIPPED_BUNDLE

COUNT = 60


@given(st.lists(st.sets(st.integers(0, COUNT - 1)), max_size=3), st.integers(0, 1000))
def test_each_part_is_mixed_with_as_many_ordinary_images(parts: list[set[int]], seed: int) -> None:
    order = blind_order(parts, COUNT, seed)

    doubtful = set().union(*parts)
    assert len(order) == len(set(order))
    assert doubtful <= set(order) <= set(range(COUNT))
    assert len(order) == min(2 * len(doubtful), COUNT)
    assert order == blind_order(parts, COUNT, seed)
    if parts:
        start = min(2 * len(parts[0]), COUNT)
        assert parts[0] <= set(order[:start])


def test_mistakes_and_disputed_labels_come_first() -> None:
    card, evaluation = Bundle(SHIPPED_BUNDLE).card(), Bundle(SHIPPED_BUNDLE).evaluation()
    fingerprint, count = card.data.fingerprint, len(evaluation.labels)
    assert fingerprint is not None

    cases = cases_of_test_set(evaluation, fingerprint)

    order, votes = cases.order, published_votes(fingerprint, count)
    first = {*mistakes(evaluation).tolist(), *reviewed_choices(fingerprint, count)}
    assert first <= set(order[: 2 * len(first)])
    assert votes.keys() <= set(order)
    assert cases.ordinary == set(order) - first - votes.keys()
    # Wherever the visitor begins, about half of the images are ordinary.
    is_ordinary = [index not in first for index in order[: 2 * len(first)]]
    assert 0.3 < np.mean(is_ordinary[:40]) < 0.7


def test_most_suspicious_training_labels_come_first() -> None:
    labels = (np.arange(300) % 10).astype(np.uint8)
    probabilities = np.full((300, 10), 0.01, np.float32)
    probabilities[np.arange(300), labels] = 0.91
    labels[:25] = (labels[:25] + 1) % 10
    result = OutOfFold("f", "fast", probabilities, labels)

    cases = cases_of_training_set(result)

    assert len(cases.order) == 50
    assert cases.ordinary == set(cases.order) - set(range(25))
    assert set(result.suspicious[:PART_SIZE].tolist()) <= set(cases.order[: 2 * PART_SIZE])
