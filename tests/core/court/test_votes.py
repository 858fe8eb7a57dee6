"""The published votes on MNIST's test images."""

from __future__ import annotations

from core.classifier.disputed import DISPUTED_INDICES
from core.court.verdicts import CANNOT_TELL
from core.court.votes import published_votes, reviewed_choices
from core.data.datasets import Dataset
from core.data.sources import MNIST_FINGERPRINT


def test_five_people_voted_on_each_of_100_images(mnist: Dataset) -> None:
    votes = published_votes(MNIST_FINGERPRINT, len(mnist.test))

    assert len(votes) == 100
    assert {each.for_label + each.for_guess + each.for_neither for each in votes.values()} == {5}
    assert [index for index, each in votes.items() if each.guess == mnist.test.labels[index]] == []


def test_labels_without_a_majority_are_the_disputed_ones() -> None:
    reviewed = reviewed_choices(MNIST_FINGERPRINT, 10_000)

    assert tuple(reviewed) == DISPUTED_INDICES
    assert (reviewed[947], reviewed[2130], reviewed[9679]) == (9, CANNOT_TELL, CANNOT_TELL)


def test_other_datasets_have_no_votes() -> None:
    assert published_votes("another", 10_000) == {}
    assert published_votes(MNIST_FINGERPRINT, 248).keys() == {247}
