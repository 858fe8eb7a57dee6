"""What is fitted once a network is trained: calibration, and the detector of what is no digit.

All of it comes from the dataset's training and validation splits and from pictures drawn by code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from core.classifier.bundle import Bundle, Calibration, Novelty
from core.classifier.calibration import fit_temperature, fit_unsure_limit, tempered, unsure_shares
from core.classifier.evaluation import Evaluation
from core.classifier.network import Answers, Network
from core.classifier.novelty import FARTHEST, Detector, detector_inputs
from core.config import AugmentationConfig, TrainingConfig
from core.data.augmentation import augment
from core.data.datasets import Dataset, Split
from core.handwriting.out_of_distribution import out_of_distribution_samples
from core.handwriting.strokes import drawn_digits
from core.handwriting.tracing import ANY_HAND, drawn_again
from core.ink.drawing import Pixels
from core.storage import atomic_write

TURNED_AWAY = 0.02
"""Share of validation digits that may be taken for none."""

# Of each way of writing, and of out-of-distribution samples: some seconds' work.
_FEW = 3000
# Where it may take minutes: out-of-distribution samples are of more kinds than digits.
_SAMPLES_PER_DIGIT = 4
# A detector is shown at most this share of the training digits each way; a small dataset has few.
_MOST_OF_DIGITS = 0.25
# Drawn anew, to see how many the detector turns away.
_FRESH_SAMPLES = 500
# Small members agree better on what none of them was shown than a large one decides.
_MEMBERS, _HIDDEN = 5, 64
_EPOCHS = 15
# Digits drawn by code, for each that a detector is shown of the others.
_BY_CODE = 0.75
# Digits of other hands than MNIST's are digits, too.
_OTHER_HANDS = AugmentationConfig(rotation=12, shear=10, zoom=0.1, elastic=0.5, stroke=0.3)


class Shown(NamedTuple):
    """Sizes of a detector's training set: `digits` for each way of showing them, and `out_of_distribution`."""

    digits: int
    out_of_distribution: int


def shown(config: TrainingConfig) -> Shown:
    """How much the detector of a network trained so learns from.

    A recipe for other hands takes its time to tell them from what is no digit.
    """
    if config.synthetic_digits <= _FEW:
        return Shown(_FEW, _FEW)
    return Shown(config.synthetic_digits, _SAMPLES_PER_DIGIT * config.synthetic_digits)


def fit_reader(bundle: Bundle, dataset: Dataset, config: TrainingConfig) -> tuple[Calibration, Novelty]:
    """Fit how the bundle's exported network is to be read; writes the detector into the bundle."""
    network = Network(bundle.tflite_file)
    answers = network(dataset.validation.images)
    seed = config.seed
    detector = fit_detector(network, dataset.train, dataset.validation.images, answers, seed, shown(config))
    with atomic_write(bundle.novelty_file) as temporary:
        detector.save(temporary)
    fresh = out_of_distribution_samples(
        min(_FRESH_SAMPLES, len(dataset.validation)), dataset.validation.images, seed + 1
    )
    novelty = Novelty(
        digits_rejected=float((detector(dataset.validation.images, answers) > 0).mean()),
        out_of_distribution_rejected=float((detector(fresh, network(fresh)) > 0).mean()),
    )
    return fit_calibration(answers.probabilities, dataset.validation.labels), novelty


def fit_calibration(probabilities: np.ndarray, labels: np.ndarray) -> Calibration:
    """Temperature and limit of close calls, from the network's own answers on a validation split."""
    temperature = fit_temperature(probabilities, labels)
    evaluation = Evaluation(tempered(probabilities, temperature), labels)
    limit = fit_unsure_limit(evaluation)
    share, caught = unsure_shares(evaluation, limit)
    return Calibration(temperature=temperature, unsure_below=limit, unsure_share=share, errors_caught=caught)


def fit_detector(
    network: Network,
    train: Split,
    validation: Pixels,
    answers: Answers,
    seed: int,
    most: Shown,
    draw_samples: Callable[[int, Pixels, int], Pixels] = out_of_distribution_samples,
) -> Detector:
    """A detector for this network that turns away at most 2 % of the validation images, on which it gave `answers`.

    `most`: that it learns from; less of both where there are few digits. `draw_samples(count, digits, seed)`: what
    it is to learn to turn away.
    """
    share = min(1.0, _MOST_OF_DIGITS * len(train) / most.digits)
    digits = _digits(train, max(1, round(most.digits * share)), seed)
    others = draw_samples(max(1, round(most.out_of_distribution * share)), train.images, seed)
    inputs = np.concatenate([_inputs(network, digits), _inputs(network, others)])
    is_out_of_distribution = np.arange(len(inputs)) >= len(digits)
    mean, scale = inputs[: len(digits)].mean(axis=0), inputs[: len(digits)].std(axis=0) + 1e-2
    detector = _fitted(inputs, is_out_of_distribution, mean, scale, seed)
    limit = np.quantile(detector(validation, answers), 1 - TURNED_AWAY, method="higher")
    return detector.with_limit(float(limit))


def _digits(train: Split, count: int, seed: int) -> Pixels:
    """`count` training images, as many as other hands would write them, as many drawn on a canvas, and some by code."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(train))
    plain, changed, traced = (train.images[order[part * count : (part + 1) * count]] for part in range(3))
    by_code, _ = drawn_digits(round(count * _BY_CODE), seed)
    other_hands = augment(changed, _OTHER_HANDS, generator)
    return np.concatenate([plain, other_hands, drawn_again(traced, ANY_HAND, generator), by_code])


def _inputs(network: Network, images: Pixels) -> np.ndarray:
    return detector_inputs(images, network(images))


def _fitted(
    inputs: np.ndarray, is_out_of_distribution: np.ndarray, mean: np.ndarray, scale: np.ndarray, seed: int
) -> Detector:
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits

    standardised = np.clip((inputs - mean) / scale, -FARTHEST, FARTHEST)
    models = [
        MLPClassifier((_HIDDEN,), batch_size=min(256, len(inputs)), learning_rate_init=2e-3, alpha=1e-3, random_state=n)
        for n in range(seed, seed + _MEMBERS)
    ]
    # Epoch by epoch, for a fixed time: `fit` would warn that it has not converged. Matrices as small as these are
    # multiplied faster by one thread.
    with threadpool_limits(1, user_api="blas"):
        for model in models:
            for _ in range(_EPOCHS):
                model.partial_fit(standardised, is_out_of_distribution, classes=[False, True])
    # The mean of the members' logits is one network of all their hidden units.
    return Detector(
        mean,
        scale,
        np.concatenate([model.coefs_[0] for model in models], axis=1),
        np.concatenate([model.intercepts_[0] for model in models]),
        np.concatenate([model.coefs_[1][:, 0] for model in models]) / _MEMBERS,
        np.asarray(np.mean([model.intercepts_[1][0] for model in models]), np.float32),
    )
