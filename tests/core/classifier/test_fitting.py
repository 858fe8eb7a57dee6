"""The rejection threshold of a fitted novelty detector."""

from __future__ import annotations

import numpy as np

from core.classifier.detector_samples import draw_hands, draw_portion
from core.classifier.fitting import MAX_REJECTED_FRACTION, fit_detector
from core.classifier.network import Network
from core.data.datasets import Split, load_dataset
from core.handwriting.pen_digits import PenDigit
from core.ink.drawing import Pixels
from core.runs.run import Run
from core.workspace import Workspace


def test_threshold_accepts_the_digits_of_other_hands(trained: Run, workspace: Workspace) -> None:
    dataset = load_dataset("digits", workspace)
    few = Split(dataset.train.images[:200], dataset.train.labels[:200])
    network = Network(trained.bundle.tflite_file)
    portion = draw_portion(few, 1, 0)

    def rejected(hands: Pixels) -> list[float]:
        validation = dataset.validation.images
        detector = fit_detector(network, few, [portion], validation, network(validation), hands, 1)
        return [float((detector(images, network(images)) > 0).mean()) for images in (validation, portion.others)]

    usual, strange = rejected(dataset.validation.images), rejected(portion.others)

    assert usual[0] <= MAX_REJECTED_FRACTION
    assert strange[1] <= MAX_REJECTED_FRACTION < usual[1]


def test_hands_are_synthetic_digits_and_pen_digits() -> None:
    pen_digits = [PenDigit(1, 1, [[(0, 0), (0, 100)]])]

    synthetic, both = draw_hands(3, 1), draw_hands(3, 1, pen_digits)

    assert both.shape == (6, 28, 28)
    assert np.array_equal(both[:3], synthetic)
