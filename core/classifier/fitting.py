"""The fit of calibration and novelty detector to a trained network.

Both use the training and validation splits and images drawn by code, never the test set.
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

REJECTED_SHARE = 0.02
"""Share of validation digits that the detector may reject; it sets the rejection threshold."""

_QUICK_SIZE = 3000
"""Digits of each kind, and out-of-distribution samples, in a fit of some seconds."""

_SAMPLES_PER_DIGIT = 4
"""Out-of-distribution samples for each digit in a fit of minutes: they are of more kinds than digits."""

_MOST_OF_DIGITS = 0.25
"""Largest share of the training digits in each kind: a small dataset has few."""

_NEW_SAMPLES = 500
"""Out-of-distribution samples that measure the detector."""

_MEMBERS = 5
"""Networks in the detector: a mean of small ones generalises better to new kinds than one large one."""

_HIDDEN = 64
"""Hidden units of each network."""

_EPOCHS = 15
"""Epochs of each network."""

_SYNTHETIC_SHARE = 0.75
"""Synthetic digits for each digit of another kind."""

_OTHER_HANDWRITING = AugmentationConfig(rotation=12, shear=10, zoom=0.1, elastic=0.5, stroke=0.3)
"""Augmentation that imitates handwriting unlike MNIST's."""


class SampleSizes(NamedTuple):
    """The size of a detector's training set: `digits` of each kind, and `out_of_distribution` samples."""

    digits: int
    out_of_distribution: int


def sample_sizes(config: TrainingConfig) -> SampleSizes:
    """Return the size of a detector's training set: large for recipes with many synthetic digits, which take long."""
    if config.synthetic_digits <= _QUICK_SIZE:
        return SampleSizes(_QUICK_SIZE, _QUICK_SIZE)
    return SampleSizes(config.synthetic_digits, _SAMPLES_PER_DIGIT * config.synthetic_digits)


def fit_calibration_and_detector(
    bundle: Bundle, dataset: Dataset, config: TrainingConfig
) -> tuple[Calibration, Novelty]:
    """Fit calibration and detector to a bundle's exported network; write the detector into the bundle."""
    network = Network(bundle.tflite_file)
    answers = network(dataset.validation.images)
    seed = config.seed
    detector = fit_detector(network, dataset.train, dataset.validation.images, answers, seed, sample_sizes(config))
    with atomic_write(bundle.novelty_file) as temporary:
        detector.save(temporary)
    samples = out_of_distribution_samples(
        min(_NEW_SAMPLES, len(dataset.validation)), dataset.validation.images, seed + 1
    )
    novelty = Novelty(
        digits_rejected=float((detector(dataset.validation.images, answers) > 0).mean()),
        out_of_distribution_rejected=float((detector(samples, network(samples)) > 0).mean()),
    )
    return fit_calibration(answers.probabilities, dataset.validation.labels), novelty


def fit_calibration(probabilities: np.ndarray, labels: np.ndarray) -> Calibration:
    """Fit temperature and limit of close calls to the network's probabilities on a validation split."""
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
    sizes: SampleSizes,
    draw_samples: Callable[[int, Pixels, int], Pixels] = out_of_distribution_samples,
) -> Detector:
    """Fit a detector that rejects at most REJECTED_SHARE of the validation images.

    `answers`: the network's answers on the validation images. `sizes`: of the training set; smaller if there are few
    digits. `draw_samples(count, digits, seed)`: draws out-of-distribution samples.
    """
    share = min(1.0, _MOST_OF_DIGITS * len(train) / sizes.digits)
    digits = _digits(train, max(1, round(sizes.digits * share)), seed)
    others = draw_samples(max(1, round(sizes.out_of_distribution * share)), train.images, seed)
    inputs = np.concatenate([_inputs(network, digits), _inputs(network, others)])
    is_out_of_distribution = np.arange(len(inputs)) >= len(digits)
    mean, scale = inputs[: len(digits)].mean(axis=0), inputs[: len(digits)].std(axis=0) + 1e-2
    detector = _fitted(inputs, is_out_of_distribution, mean, scale, seed)
    threshold = np.quantile(detector(validation, answers), 1 - REJECTED_SHARE, method="higher")
    return detector.with_threshold(float(threshold))


def _digits(train: Split, count: int, seed: int) -> Pixels:
    """Return digits of four kinds: `count` training images, `count` augmented, `count` redrawn, and synthetic ones."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(train))
    plain, changed, traced = (train.images[order[part * count : (part + 1) * count]] for part in range(3))
    synthetic, _ = drawn_digits(round(count * _SYNTHETIC_SHARE), seed)
    augmented = augment(changed, _OTHER_HANDWRITING, generator)
    return np.concatenate([plain, augmented, drawn_again(traced, ANY_HAND, generator), synthetic])


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
    # A fixed number of epochs: `fit` would warn that it has not converged. One thread multiplies small matrices faster.
    with threadpool_limits(1, user_api="blas"):
        for model in models:
            for _ in range(_EPOCHS):
                model.partial_fit(standardised, is_out_of_distribution, classes=[False, True])
    # The mean of the networks' logits is one network with all their hidden units.
    return Detector(
        mean,
        scale,
        np.concatenate([model.coefs_[0] for model in models], axis=1),
        np.concatenate([model.intercepts_[0] for model in models]),
        np.concatenate([model.coefs_[1][:, 0] for model in models]) / _MEMBERS,
        np.asarray(np.mean([model.intercepts_[1][0] for model in models]), np.float32),
    )
