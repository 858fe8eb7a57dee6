"""Small changes that fool a network."""

from __future__ import annotations

import numpy as np
import pytest

from core.classifier.bundle import Bundle
from core.explain.keras_reader import load_network
from core.explain.numpy_network import NumpyNetwork
from core.ink.drawing import prepare
from core.lessons.fooling import STEP, STEPS, first_different_answer, fooling_path
from core.workspace import SHIPPED_BUNDLE
from tests.support.drawn_digits import FIVE, SEVEN, drawn


@pytest.fixture(scope="module")
def network() -> NumpyNetwork:
    return load_network(Bundle(SHIPPED_BUNDLE))


@pytest.mark.parametrize("strokes", [FIVE, SEVEN])
def test_change_is_bounded_and_fools_the_network(
    network: NumpyNetwork, strokes: list[list[tuple[float, float]]]
) -> None:
    image = prepare(drawn(strokes)).image
    assert image is not None

    path = fooling_path(network, image)

    changes = np.abs(path.astype(int) - image).max(axis=(1, 2))
    assert (changes <= STEP * np.arange(STEPS + 1)).all()
    assert first_different_answer(network.probabilities(path).argmax(axis=1)) is not None


def test_first_other_answer_is_found() -> None:
    assert first_different_answer(np.array([7, 7, 2, 7])) == 2
    assert first_different_answer(np.array([7, 7])) is None
