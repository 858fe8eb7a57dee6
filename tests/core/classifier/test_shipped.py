"""The shipped model meets its requirements; benchmarks/RESULTS.md has all metrics."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.fashion import fashion_images
from core.classifier.bundle import Bundle, Card
from core.classifier.calibration import expected_calibration_error
from core.classifier.disputed import disputed_labels
from core.classifier.network import Network
from core.classifier.predictor import Predictor, Reading
from core.classifier.robustness import accuracy, prepare_all
from core.data.datasets import Dataset
from core.handwriting.pen_digits import PenDigit, replay
from core.workspace import SHIPPED_BUNDLE
from tests.support.requirements import skip_or_fail

BUNDLE = Bundle(SHIPPED_BUNDLE)


@pytest.fixture(scope="module")
def card() -> Card:
    return BUNDLE.card()


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(BUNDLE)


def test_shipped_model_is_small(card: Card) -> None:
    assert card.parameters <= 300_000
    assert BUNDLE.tflite_file.stat().st_size <= 1_300_000


def test_shipped_model_is_calibrated(card: Card) -> None:
    evaluation = BUNDLE.evaluation()

    assert expected_calibration_error(evaluation) <= 0.003
    disputed = disputed_labels(card.data.fingerprint, evaluation)
    assert disputed is not None
    assert disputed.accuracy_without > card.metrics.test_accuracy


def test_preparation_lowers_accuracy_by_at_most_a_thousandth(mnist: Dataset) -> None:
    network, images, labels = Network(BUNDLE.tflite_file), mnist.test.images[:4000], mnist.test.labels[:4000]

    direct, prepared = (accuracy(network, inputs, labels) for inputs in (images, prepare_all(images)))

    assert abs(direct - prepared) <= 0.001


@pytest.fixture(scope="module")
def readings(predictor: Predictor, strokes: tuple[PenDigit, ...]) -> list[tuple[int, Reading]]:
    """Return the labels and predictions for digits by people not in MNIST, with any size, position and brush."""
    rng = np.random.default_rng(11)
    digits = [strokes[index] for index in rng.choice(len(strokes), 1500, replace=False)]
    return [(digit.label, predictor.read(replay(digit, rng))) for digit in digits]


def test_shipped_model_predicts_other_handwriting(readings: list[tuple[int, Reading]]) -> None:
    assert np.mean([reading.digit == label for label, reading in readings]) >= 0.975


def test_shipped_model_accepts_other_handwriting(readings: list[tuple[int, Reading]]) -> None:
    assert np.mean([reading.verdict != "not_a_digit" for _, reading in readings]) >= 0.975


def test_shipped_model_rejects_clothes(predictor: Predictor) -> None:
    images = fashion_images()
    if images is None:
        skip_or_fail("Fashion-MNIST is not on this machine. Set TRAZO_FASHION to the folder of its IDX files.")

    verdicts = [predictor.read(image).verdict for image in images[:1000]]

    assert np.mean([verdict in ("not_a_digit", "blank") for verdict in verdicts]) >= 0.99
