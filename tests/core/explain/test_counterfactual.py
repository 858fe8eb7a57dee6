"""A drawing can be turned into another digit with little ink."""

from __future__ import annotations

import numpy as np
import pytest

from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor
from core.data.datasets import Dataset
from core.explain.counterfactual import CONFIDENCE, MAX_CHANGE, Counterfactual, change_into
from core.explain.keras_reader import load_network
from core.explain.numpy_network import NumpyNetwork
from core.workspace import SHIPPED_BUNDLE


@pytest.fixture(scope="module")
def network() -> NumpyNetwork:
    return load_network(Bundle(SHIPPED_BUNDLE))


@pytest.fixture(scope="module")
def counterfactuals(network: NumpyNetwork, mnist: Dataset) -> list[Counterfactual]:
    """The first eight validation images, each turned into the next digit."""
    split = mnist.validation
    found = [
        change_into(network, image, (int(label) + 1) % 10)
        for image, label in zip(split.images[:8], split.labels, strict=False)
    ]
    return [counterfactual for counterfactual in found if counterfactual is not None]


def test_most_digits_can_be_changed(counterfactuals: list[Counterfactual]) -> None:
    assert len(counterfactuals) >= 6


def test_last_step_is_the_chosen_digit(counterfactuals: list[Counterfactual], network: NumpyNetwork) -> None:
    for found in counterfactuals:
        assert np.array_equal(network.probabilities(found.images), found.probabilities)
        assert found.probabilities[-1, found.digit] >= CONFIDENCE
        assert found.probabilities[0].argmax() != found.digit
        assert found.change <= MAX_CHANGE


def test_predictor_agrees_with_the_change(counterfactuals: list[Counterfactual]) -> None:
    predictor = Predictor(Bundle(SHIPPED_BUNDLE))

    predictions = [predictor.probabilities(found.images[-1:])[0].argmax() for found in counterfactuals]

    assert predictions == [found.digit for found in counterfactuals]


def test_added_and_removed_ink_lead_to_the_last_step(counterfactuals: list[Counterfactual]) -> None:
    for found in counterfactuals:
        drawing = found.images[0].astype(int)

        assert np.array_equal(drawing + found.added - found.removed, found.images[-1])
        assert not (found.added.astype(bool) & found.removed.astype(bool)).any()
        assert found.added.any() or found.removed.any()


def test_every_step_is_needed_and_changes_one_place(counterfactuals: list[Counterfactual]) -> None:
    for found in counterfactuals:
        for before, after in zip(found.images[:-1], found.images[1:], strict=True):
            rows, columns = np.nonzero(before != after)
            assert rows.size
            assert max(np.ptp(rows), np.ptp(columns)) <= 7


def test_already_predicted_digit_needs_no_change(network: NumpyNetwork, mnist: Dataset) -> None:
    image, label = mnist.validation.images[0], int(mnist.validation.labels[0])

    found = change_into(network, image, label)

    assert found is not None
    assert len(found.images) == 1
    assert found.change == 0


def test_blank_image_has_no_small_change(network: NumpyNetwork) -> None:
    assert change_into(network, np.zeros((28, 28), np.uint8), 4) is None


def test_tiny_speck_has_no_small_change(network: NumpyNetwork) -> None:
    speck = np.zeros((28, 28), np.uint8)
    speck[13:15, 13:15] = 255

    assert change_into(network, speck, 8) is None
