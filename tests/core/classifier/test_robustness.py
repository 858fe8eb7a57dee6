"""The robustness metrics on a card: altered images, and the accuracy on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.classifier import robustness
from core.classifier.bundle import Bundle
from core.classifier.network import Network
from core.data.datasets import load_dataset
from core.data.pen_digits import TRAINING_WRITERS
from core.handwriting.pen_digits import PenDigit
from core.runs.run import Run
from core.workspace import Workspace

DOT = np.zeros((1, 28, 28), np.uint8)
DOT[0, 8:12, 14:18] = 255


def centre(image: np.ndarray) -> tuple[float, float]:
    rows, columns = np.indices(image.shape) + 0.5
    return float((rows * image).sum() / image.sum()), float((columns * image).sum() / image.sum())


def test_shift_moves_every_image_by_the_given_distance() -> None:
    shifted = robustness.shift(np.repeat(DOT, 50, axis=0), 3, np.random.default_rng(0))

    centres = {centre(image) for image in shifted}
    assert centres == {(13, 16), (7, 16), (10, 19), (10, 13)}


def test_shift_by_zero_changes_nothing() -> None:
    np.testing.assert_array_equal(robustness.shift(DOT, 0, np.random.default_rng(0)), DOT)


@pytest.mark.parametrize(
    ("scale", "angle", "position"), [(1, 0, (10, 16)), (0.5, 0, (12, 15)), (1, 90, (12, 10)), (1, -90, (16, 18))]
)
@pytest.mark.parametrize("side", [28, 140])
def test_warp_rotates_anticlockwise_about_the_centre(
    scale: float, angle: float, position: tuple[float, float], side: int
) -> None:
    (image,) = robustness.warp(DOT, scale, angle, side)

    assert image.shape == (side, side)
    assert centre(image) == pytest.approx((position[0] * side / 28, position[1] * side / 28), abs=0.2)


def test_blur_and_noise_keep_the_mean_ink() -> None:
    images = np.full((20, 28, 28), 128, np.uint8)

    assert robustness.blur(DOT, 1.5).sum() == pytest.approx(DOT.sum(dtype=int), rel=0.05)
    assert robustness.blur(DOT, 1.5).max() < 255
    assert robustness.fade(images, 0.5).tolist() == np.full(images.shape, 64).tolist()
    noise = robustness.add_noise(images, 0.1, np.random.default_rng(0))
    assert noise.mean() == pytest.approx(128, abs=1)
    assert noise.std() == pytest.approx(25.5, rel=0.05)


def test_sample_is_the_same_every_time() -> None:
    split = load_dataset("digits", Workspace(Path("unused"))).test

    images, labels = robustness.sample(split, 100)

    repeated, _ = robustness.sample(split, 100)
    np.testing.assert_array_equal(images, repeated)
    assert len(labels) == 100
    assert len(robustness.sample(split, 10_000)[1]) == len(split)


def test_card_has_robustness_metrics_after_training(trained: Run) -> None:
    measured = trained.bundle.card().robustness

    assert measured is not None
    assert measured.images == len(load_dataset("digits", Workspace(Path("unused"))).test) // 10
    drawing_accuracies = (measured.canvas, measured.tiny, measured.thin_pen, measured.fat_pen, measured.turned)
    assert measured.drawings == pytest.approx(np.mean(drawing_accuracies))
    assert 0.1 < measured.canvas <= 1


def test_robustness_is_reproducible(trained: Run) -> None:
    network = Network(Bundle(trained.bundle.folder).tflite_file)
    test = load_dataset("digits", Workspace(Path("unused"))).test

    images = robustness.draw_robustness_images(test, [PenDigit(1, 21, [[(0, 0), (0, 100)]])])
    measured = robustness.measure_robustness(network, images)

    card = trained.bundle.card().robustness
    assert card is not None
    assert measured.model_copy(update={"pen_strokes": None}) == card.model_copy(update={"pen_strokes": None})
    assert measured.pen_strokes in (0.0, 1.0)


def test_robustness_ignores_digits_of_training_writers() -> None:
    test = load_dataset("digits", Workspace(Path("unused"))).test
    digits = [PenDigit(1, writer, [[(0, 0), (0, 100)]]) for writer in TRAINING_WRITERS]

    assert "pen_strokes" not in robustness.draw_robustness_images(test, digits)
