"""The rejection threshold of a fitted novelty detector."""

from __future__ import annotations

import numpy as np

from core.classifier.detector_samples import draw_other_handwriting, draw_portion
from core.classifier.fitting import MAX_REJECTED_FRACTION, fit_detector
from core.classifier.network import Network
from core.data.datasets import Split, load_dataset
from core.handwriting.pen_digits import PenDigit
from core.ink.drawing import Pixels
from core.runs.run import Run
from core.workspace import Workspace


def test_threshold_accepts_digits_in_other_handwriting(trained: Run, workspace: Workspace) -> None:
    dataset = load_dataset("digits", workspace)
    small_train = Split(dataset.train.images[:200], dataset.train.labels[:200])
    network = Network(trained.bundle.tflite_file)
    portion = draw_portion(small_train, 1, 0)

    def rejected_fractions(other_handwriting: Pixels) -> list[float]:
        validation = dataset.validation.images
        detector = fit_detector(
            network, small_train, [portion], validation, network(validation), [other_handwriting], 1
        )
        return [
            float((detector(images, network(images)) > 0).mean())
            for images in (validation, portion.out_of_distribution)
        ]

    fractions, fractions_with_others = (
        rejected_fractions(dataset.validation.images),
        rejected_fractions(portion.out_of_distribution),
    )

    assert fractions[0] <= MAX_REJECTED_FRACTION
    assert fractions_with_others[1] <= MAX_REJECTED_FRACTION < fractions[1]


def test_other_handwriting_is_synthetic_or_from_pen_digits() -> None:
    pen_digits = [PenDigit(1, 1, [[(0, 0), (0, 100)]])]

    synthetic, both = draw_other_handwriting(3, 1), draw_other_handwriting(3, 1, pen_digits)

    assert both.shape == (6, 28, 28)
    assert np.array_equal(both[:3], synthetic)
