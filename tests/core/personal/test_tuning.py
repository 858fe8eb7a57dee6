"""Fine-tuning learns a person's digits and forgets nothing, or reports that it did."""

from __future__ import annotations

import numpy as np
import pytest

from core.classifier.bundle import Bundle
from core.classifier.network import Network
from core.data.datasets import Dataset, load_dataset
from core.personal import tuning
from core.personal.tuning import MAX_ACCURACY_LOSS, VARIATIONS, LastLayer, Rehearsal, with_variations
from core.personal.written import images_of, pen_digit
from core.runs.run import Run
from core.workspace import SHIPPED_BUNDLE, Workspace
from tests.support.tiny_dataset import tiny_dataset
from tests.support.written_digits import write


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset("digits", Workspace.from_environment())


@pytest.fixture(scope="module")
def rehearsal(trained: Run, dataset: Dataset) -> Rehearsal:
    return Rehearsal(trained.bundle, dataset.train, dataset.validation, seed=1)


@pytest.fixture(scope="module")
def own_digits() -> tuple[np.ndarray, np.ndarray]:
    """Return the images of 40 digits and their variations, with their labels."""
    digits = [write(digit, seed) for digit in range(10) for seed in range(4)]
    return with_variations(images_of(digits), [pen_digit(digit) for digit in digits], seed=1)


def mean_change(rehearsal: Rehearsal, layer: LastLayer, images: np.ndarray) -> float:
    """Return the mean absolute change in the probabilities for these images."""
    inputs = rehearsal.last_inputs(images)
    return float(np.abs(layer.probabilities(inputs) - rehearsal.layer.probabilities(inputs)).mean())


def test_taught_digits_are_learned_and_others_remembered(
    rehearsal: Rehearsal, dataset: Dataset, own_digits: tuple[np.ndarray, np.ndarray]
) -> None:
    images, labels = own_digits
    inputs = rehearsal.last_inputs(images)

    tuned = rehearsal.tune(images, labels)

    assert tuned.layer.accuracy(inputs, labels) > rehearsal.layer.accuracy(inputs, labels) + 0.03
    assert tuned.acceptable == (tuned.accuracy_after >= tuned.accuracy_before - MAX_ACCURACY_LOSS)
    validation = dataset.validation
    assert tuned.accuracy_after == tuned.layer.accuracy(rehearsal.last_inputs(validation.images), validation.labels)
    # A network that learns only the taught digits changes its predictions for other images, too.
    unrehearsed = rehearsal._train(inputs, np.eye(10, dtype=np.float32)[labels], weight=1.0)
    assert mean_change(rehearsal, tuned.layer, dataset.test.images) < 0.2 * mean_change(
        rehearsal, unrehearsed, dataset.test.images
    )


def test_same_seed_gives_the_same_weights(rehearsal: Rehearsal, own_digits: tuple[np.ndarray, np.ndarray]) -> None:
    before = rehearsal.layer.kernel.copy()

    first, second = rehearsal.tune(*own_digits), rehearsal.tune(*own_digits)

    assert (first.layer.kernel == second.layer.kernel).all()
    assert (first.layer.bias == second.layer.bias).all()
    assert (rehearsal.layer.kernel == before).all()


def test_digits_that_would_ruin_the_network_are_not_accepted(
    rehearsal: Rehearsal, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "_WEIGHTS", (0.95, 0.9))
    wrong_labels = (dataset.train.labels + 1) % 10

    tuned = rehearsal.tune(dataset.train.images[:300], wrong_labels[:300])

    assert tuned.accuracy_after < tuned.accuracy_before - MAX_ACCURACY_LOSS
    assert not tuned.acceptable


def test_last_layer_agrees_with_the_shipped_network() -> None:
    bundle, dataset = Bundle(SHIPPED_BUNDLE), tiny_dataset()
    rehearsal = Rehearsal(bundle, dataset.train, dataset.validation, seed=1)

    probabilities = rehearsal.layer.probabilities(rehearsal.last_inputs(dataset.test.images))

    assert probabilities == pytest.approx(Network(bundle.tflite_file)(dataset.test.images).probabilities, abs=1e-4)


def test_layer_with_many_inputs_is_computed_in_numpy(
    rehearsal: Rehearsal, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = dataset.test.images[:300]
    expected = rehearsal.last_inputs(images)

    monkeypatch.setattr(tuning, "MAX_FEATURES", 1)

    assert rehearsal.last_inputs(images) == pytest.approx(expected, abs=1e-4)


def test_each_digit_has_its_variations() -> None:
    digits = [write(digit) for digit in (3, 1, 4)]

    images, labels = with_variations(images_of(digits), [pen_digit(digit) for digit in digits], seed=1)

    assert labels.tolist() == [3, 1, 4, *[3] * VARIATIONS, *[1] * VARIATIONS, *[4] * VARIATIONS]
    assert (images[:3] == images_of(digits)).all()
    assert len(np.unique(images, axis=0)) == len(images) == 3 * (1 + VARIATIONS)


def test_many_digits_get_fewer_variations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "MAX_VARIATIONS", 25)
    digits = [write(digit) for digit in range(10)]

    images, labels = with_variations(images_of(digits), [pen_digit(digit) for digit in digits], seed=1)

    assert len(images) == len(labels) == 10 + 20
