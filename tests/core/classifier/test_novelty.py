"""The novelty detector, its file, and the verdicts that depend on it."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.classifier.bundle import Bundle, Card
from core.classifier.network import Network
from core.classifier.novelty import Detector, load_detector
from core.classifier.predictor import Predictor
from core.data.datasets import Dataset, load_dataset
from core.errors import BundleError
from core.handwriting.out_of_distribution import out_of_distribution_samples
from core.runs.run import Run
from core.workspace import SHIPPED_BUNDLE, Workspace


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits", Workspace(Path("unused")))


@pytest.fixture
def bundle(trained: Run, tmp_path: Path) -> Bundle:
    """Return a copy of a trained bundle that tests may modify."""
    return Bundle(Path(shutil.copytree(trained.bundle.folder, tmp_path / "model")))


def detector_of(bundle: Bundle) -> Detector:
    return load_detector(bundle.novelty_file, Network(bundle.tflite_file).feature_count or 0)


def set_threshold(bundle: Bundle, threshold: float) -> Bundle:
    detector_of(bundle).with_threshold(threshold).save(bundle.novelty_file)
    return bundle


def edit_card(bundle: Bundle, **values: object) -> Bundle:
    card = bundle.card()
    bundle.card_file.write_text(Card.model_validate({**card.model_dump(), **values}).model_dump_json())
    return bundle


def test_training_ends_with_a_detector_that_accepts_digits(trained: Run, digits: Dataset) -> None:
    card, detector = trained.bundle.card(), detector_of(trained.bundle)
    network = Network(trained.bundle.tflite_file)

    rejected = detector(digits.validation.images, network(digits.validation.images)) > 0

    assert card.novelty is not None
    assert rejected.mean() == card.novelty.digits_rejected <= 0.02
    assert card.novelty.out_of_distribution_rejected > card.novelty.digits_rejected


def test_novelty_of_an_image_does_not_depend_on_its_batch(trained: Run, digits: Dataset) -> None:
    predictor, images = Predictor(trained.bundle), digits.test.images[:50]

    batch_scores = predictor.novelty(images)

    assert batch_scores is not None
    assert batch_scores.dtype == np.float32
    single_scores = [predictor.novelty(image[np.newaxis]) for image in images]
    assert batch_scores == pytest.approx(np.concatenate(single_scores), abs=1e-3)


@pytest.mark.parametrize("size", [1, 1e12], ids=["trained", "diverged"])
def test_detector_is_unchanged_after_saving_and_loading(trained: Run, tmp_path: Path, size: float) -> None:
    detector = detector_of(trained.bundle)
    detector = replace(detector, mean=np.float32(size) * detector.mean, scale=np.float32(size) * detector.scale)

    detector.save(tmp_path / "novelty.npz")

    loaded = load_detector(tmp_path / "novelty.npz", Network(trained.bundle.tflite_file).feature_count or 0)
    assert all(np.array_equal(getattr(loaded, name), value) for name, value in vars(detector).items())
    assert all(value.dtype == np.float32 for value in vars(loaded).values())


def test_rejected_drawing_still_has_a_nearest_digit(bundle: Bundle, digits: Dataset) -> None:
    predictor = Predictor(set_threshold(bundle, -1000))

    reading = predictor.read(digits.test.images[0])

    assert reading.probabilities is not None
    assert reading.verdict == "not_a_digit"
    assert reading.digit == reading.probabilities.argmax()
    assert reading.novelty is not None
    assert reading.novelty > 0
    assert reading.sentence == f"Unlike any digit in the training data (nearest: {reading.digit})"


def test_close_call_names_both_candidates(bundle: Bundle, digits: Dataset) -> None:
    calibration = bundle.card().calibration
    assert calibration is not None
    always_unsure = calibration.model_copy(update={"unsure_below": 1.0})
    predictor = Predictor(edit_card(set_threshold(bundle, 1000), calibration=always_unsure.model_dump()))

    reading = predictor.read(digits.test.images[0])

    assert reading.verdict == "unsure"
    assert reading.digit == reading.candidates[0] != reading.candidates[1]
    assert reading.sentence.startswith("Looks like a")
    assert all(str(digit) in reading.sentence for digit in reading.candidates)


def test_confident_prediction_shows_its_confidence(bundle: Bundle, digits: Dataset) -> None:
    calibration = bundle.card().calibration
    assert calibration is not None
    never_unsure = calibration.model_copy(update={"unsure_below": 0.0})
    predictor = Predictor(edit_card(set_threshold(bundle, 1000), calibration=never_unsure.model_dump()))

    reading = predictor.read(digits.test.images[0])

    assert reading.verdict == "digit"
    assert reading.sentence.endswith("% sure")


def test_bundle_without_a_detector_still_predicts(bundle: Bundle, digits: Dataset) -> None:
    raw = Network(bundle.tflite_file)(digits.test.images).probabilities
    bundle.novelty_file.unlink()
    predictor = Predictor(edit_card(bundle, calibration=None, novelty=None))

    reading = predictor.read(digits.test.images[0])

    assert bundle.complete
    assert len(bundle.files) == 4
    assert reading.novelty is None
    assert reading.verdict in ("digit", "unsure")
    assert np.array_equal(predictor.probabilities(digits.test.images), raw)


@pytest.mark.parametrize("content", [None, b"", b"PK not an archive"])
def test_damaged_detector_raises_bundle_error(bundle: Bundle, content: bytes | None) -> None:
    if content is None:
        bundle.novelty_file.unlink()
    else:
        bundle.novelty_file.write_bytes(content)

    with pytest.raises(BundleError, match=r"novelty\.npz"):
        Predictor(bundle)


def test_detector_for_another_network_raises_bundle_error(bundle: Bundle) -> None:
    detector = detector_of(bundle)
    narrower: Detector = replace(
        detector, mean=detector.mean[1:], scale=detector.scale[1:], hidden_weights=detector.hidden_weights[1:]
    )
    narrower.save(bundle.novelty_file)

    with pytest.raises(BundleError, match=r"novelty\.npz"):
        Predictor(bundle)


def test_eight_threads_get_identical_novelty_scores(trained: Run, digits: Dataset) -> None:
    predictor, images = Predictor(trained.bundle), digits.test.images[:32]
    expected = [predictor.read(image).novelty for image in images]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda index: predictor.read(images[index % 32]).novelty, range(256)))

    assert found == [expected[index % 32] for index in range(256)]


@pytest.fixture(scope="module")
def shipped() -> Predictor:
    predictor = Predictor(Bundle(SHIPPED_BUNDLE))
    if predictor.bundle.card().novelty is None:
        pytest.skip("The shipped model is from an earlier version without a novelty detector.")
    return predictor


@pytest.mark.parametrize(("kind", "minimum"), [("letters", 0.9), ("scribbles", 0.95), ("silhouettes", 0.97)])
def test_shipped_model_rejects_out_of_distribution_samples(
    shipped: Predictor, mnist: Dataset, kind: str, minimum: float
) -> None:
    images = out_of_distribution_samples(200, mnist.test.images, 20261122, proportions={kind: 1.0})

    novelty = shipped.novelty(images)

    assert novelty is not None
    assert (novelty > 0).mean() >= minimum


def test_shipped_model_accepts_test_digits(shipped: Predictor, mnist: Dataset) -> None:
    novelty = shipped.novelty(mnist.test.images)

    assert novelty is not None
    assert (novelty > 0).mean() <= 0.02


def test_shipped_model_rejects_a_filled_square(shipped: Predictor) -> None:
    ink = np.zeros((280, 280), np.uint8)
    ink[60:220, 60:220] = 255

    assert shipped.read(ink).verdict == "not_a_digit"
