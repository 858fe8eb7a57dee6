"""The predictor is accurate, and independent of batch size and number of threads."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.classifier.bundle import Bundle
from core.classifier.network import BATCH_SIZE
from core.classifier.predictor import Predictor, Reading, format_confidence
from core.data.datasets import Dataset
from core.errors import BundleError
from core.ink.drawing import Drawing
from core.workspace import SHIPPED_BUNDLE


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(Bundle(SHIPPED_BUNDLE))


def images(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, 28, 28), np.uint8)


@pytest.mark.parametrize("count", [0, 1, 3, BATCH_SIZE // 8, BATCH_SIZE, BATCH_SIZE + 1, 2 * BATCH_SIZE + 40])
def test_prediction_does_not_depend_on_the_batch(predictor: Predictor, count: int) -> None:
    batch = images(count)

    batch_probabilities = predictor.probabilities(batch)

    assert batch_probabilities.shape == (count, 10)
    assert batch_probabilities.dtype == np.float32
    for index in {0, count // 2, count - 1} & set(range(count)):
        single_probabilities = predictor.probabilities(batch[index : index + 1])[0]
        assert batch_probabilities[index] == pytest.approx(single_probabilities, abs=1e-5)


def test_probabilities_sum_to_one(predictor: Predictor) -> None:
    assert predictor.probabilities(images(50)).sum(axis=1) == pytest.approx(np.ones(50), abs=1e-5)


def test_eight_threads_get_identical_predictions(predictor: Predictor) -> None:
    batch = images(64)
    expected = [predictor.probabilities(image[np.newaxis]) for image in batch]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda index: predictor.probabilities(batch[index % 64][np.newaxis]), range(512)))

    for index, probabilities in enumerate(found):
        assert np.array_equal(probabilities, expected[index % 64])


def test_drawing_without_ink_has_no_digit(predictor: Predictor) -> None:
    reading = predictor.read(np.zeros((280, 280), np.uint8))

    assert reading.verdict == "blank"
    assert reading.digit is None
    assert reading.probabilities is None
    assert reading.confidence is None


def test_other_probabilities_have_their_own_verdict(predictor: Predictor) -> None:
    sure, torn = np.eye(10, dtype=np.float32)[3], np.float32([0, 0, 0, 0.5, 0, 0.5, 0, 0, 0, 0])
    drawing = Drawing.of_image(images(1)[0])
    digit = Reading("digit", 7, np.eye(10, dtype=np.float32)[7], drawing, novelty=-1.0)
    readings = [digit, replace(digit, verdict="not_a_digit", novelty=1.0)]
    readings.append(replace(digit, verdict="not_a_digit", several=True))

    verdicts = [[predictor.with_probabilities(each, new).verdict for new in (sure, torn)] for each in readings]

    assert verdicts == [["digit", "unsure"], ["not_a_digit"] * 2, ["not_a_digit"] * 2]
    assert predictor.with_probabilities(digit, torn).shown_digits == (3, 5)


@pytest.mark.parametrize(
    ("confidence", "text"), [(0.0, "0.0%"), (0.9749, "97.5%"), (0.99949, "99.9%"), (0.9995, ">99.9%"), (1.0, ">99.9%")]
)
def test_confidence_is_never_shown_as_100_percent(confidence: float, text: str) -> None:
    assert format_confidence(confidence) == text


def test_shipped_model_has_the_accuracy_on_its_card(predictor: Predictor, mnist: Dataset) -> None:
    card, evaluation = predictor.bundle.card(), predictor.bundle.evaluation()
    assert card.data.fingerprint == mnist.fingerprint
    assert np.array_equal(evaluation.labels, mnist.test.labels)

    probabilities = predictor.probabilities(mnist.test.images)

    assert (probabilities.argmax(1) == mnist.test.labels).mean() == card.metrics.test_accuracy
    assert card.metrics.test_accuracy >= 0.996
    assert np.abs(probabilities - evaluation.probabilities).max() < 1e-4


def test_shipped_bundle_is_complete_and_small() -> None:
    bundle = Bundle(SHIPPED_BUNDLE)

    assert bundle.complete
    assert sum(path.stat().st_size for path in bundle.files) < 5_000_000
    assert bundle.first_layer_filters().shape[:3] == (3, 3, 1)


@pytest.mark.parametrize("content", [b"", b"not a model", None])
def test_damaged_model_raises_bundle_error(tmp_path: Path, content: bytes | None) -> None:
    bundle = Bundle(tmp_path)
    shutil.copytree(SHIPPED_BUNDLE, tmp_path, dirs_exist_ok=True)
    if content is None:
        bundle.tflite_file.unlink()
    else:
        bundle.tflite_file.write_bytes(content)

    with pytest.raises(BundleError, match="cannot be used"):
        Predictor(bundle)


@pytest.mark.parametrize("name", ["card.json", "evaluation.npz", "mnist_model.keras"])
def test_truncated_file_of_a_bundle_raises_bundle_error(tmp_path: Path, name: str) -> None:
    bundle = Bundle(tmp_path)
    shutil.copytree(SHIPPED_BUNDLE, tmp_path, dirs_exist_ok=True)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    with pytest.raises(BundleError, match=name):
        _ = (bundle.card(), bundle.evaluation(), bundle.first_layer_filters())
