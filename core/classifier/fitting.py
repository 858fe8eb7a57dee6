"""Fits the calibration and the novelty detector of a trained network.

Only training, validation and synthetic images are used, never the test set.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from core.classifier.bundle import Bundle, Calibration, Novelty
from core.classifier.calibration import apply_temperature, fit_temperature, fit_unsure_limit, unsure_fractions
from core.classifier.evaluation import Evaluation
from core.classifier.network import Network, NetworkOutput
from core.classifier.novelty import MAX_DEVIATIONS, Detector, detector_inputs
from core.config import AugmentationConfig, TrainingConfig
from core.data.augmentation import augment
from core.data.datasets import Dataset, Split
from core.handwriting.out_of_distribution import out_of_distribution_samples
from core.handwriting.strokes import draw_digits
from core.handwriting.tracing import TRAINING_RANGES, redraw_images
from core.ink.drawing import Pixels
from core.storage import atomic_write

MAX_REJECTED_FRACTION = 0.02
"""Maximum fraction of validation digits that the detector may reject, which determines the rejection threshold."""

_MIN_SAMPLES = 3000
"""Minimum number of digits of each kind, and of out-of-distribution samples.

With this many, fitting takes a few seconds.
"""

_SAMPLES_PER_DIGIT = 4
"""Out-of-distribution samples per digit in large training sets.

More are needed because they vary more than digits do.
"""

_MAX_FRACTION_PER_KIND = 0.25
"""Each kind of digit uses at most this fraction of the training images.

This limits the sample sizes for small datasets.
"""

_EVALUATION_SAMPLES = 500
"""Number of new out-of-distribution samples on which the detector is evaluated."""

_ENSEMBLE_SIZE = 5
"""Number of networks in the detector.

Averaging several small networks generalises better to unseen kinds of images than one large network.
"""

_HIDDEN_UNITS = 64
"""Hidden units of each network."""

_EPOCHS = 15
"""Epochs of each network."""

_SYNTHETIC_FRACTION = 0.75
"""Number of synthetic digits, relative to the number of digits of each of the other three kinds."""

_OTHER_HANDWRITING = AugmentationConfig(rotation=12, shear=10, zoom=0.1, elastic=0.5, stroke=0.3)
"""Augmentation that imitates handwriting unlike MNIST's."""


class SampleSizes(NamedTuple):
    """The sizes of a detector's training set: `digits` of each kind, and `out_of_distribution` samples."""

    digits: int
    out_of_distribution: int


def sample_sizes(config: TrainingConfig) -> SampleSizes:
    """Return the sizes of a detector's training set.

    They grow with the number of synthetic digits, because recipes that use many take a long time to train anyway.
    """
    if config.synthetic_digits <= _MIN_SAMPLES:
        return SampleSizes(_MIN_SAMPLES, _MIN_SAMPLES)
    return SampleSizes(config.synthetic_digits, _SAMPLES_PER_DIGIT * config.synthetic_digits)


def fit_calibration_and_detector(
    bundle: Bundle, dataset: Dataset, config: TrainingConfig
) -> tuple[Calibration, Novelty]:
    """Fit the calibration and the detector to a bundle's exported network; write the detector into the bundle."""
    network = Network(bundle.tflite_file)
    validation = dataset.validation.images
    outputs = network(validation)
    detector = fit_detector(network, dataset.train, validation, outputs, config.seed, sample_sizes(config))
    with atomic_write(bundle.novelty_file) as temporary:
        detector.save(temporary)
    samples = out_of_distribution_samples(min(_EVALUATION_SAMPLES, len(validation)), validation, config.seed + 1)
    novelty = Novelty(
        digits_rejected=float((detector(validation, outputs) > 0).mean()),
        out_of_distribution_rejected=float((detector(samples, network(samples)) > 0).mean()),
    )
    return fit_calibration(outputs.probabilities, dataset.validation.labels), novelty


def fit_calibration(probabilities: np.ndarray, labels: np.ndarray) -> Calibration:
    """Fit the temperature and the confidence threshold to the probabilities on a validation split.

    A prediction with a confidence below the threshold counts as unsure.
    """
    temperature = fit_temperature(probabilities, labels)
    evaluation = Evaluation(apply_temperature(probabilities, temperature), labels)
    limit = fit_unsure_limit(evaluation)
    unsure_fraction, errors_caught = unsure_fractions(evaluation, limit)
    return Calibration(
        temperature=temperature, unsure_below=limit, unsure_share=unsure_fraction, errors_caught=errors_caught
    )


def fit_detector(
    network: Network,
    train: Split,
    validation: Pixels,
    outputs: NetworkOutput,
    seed: int,
    sizes: SampleSizes,
    draw_samples: Callable[[int, Pixels, int], Pixels] = out_of_distribution_samples,
) -> Detector:
    """Fit a detector that rejects at most MAX_REJECTED_FRACTION of the validation images.

    `outputs`: the network's outputs for the validation images. `sizes`: sizes of the training set, reduced if `train`
    is small. `draw_samples(count, digits, seed)`: draws out-of-distribution samples.
    """
    reduction = min(1.0, _MAX_FRACTION_PER_KIND * len(train) / sizes.digits)
    digits = _draw_digit_kinds(train, max(1, round(sizes.digits * reduction)), seed)
    samples = draw_samples(max(1, round(sizes.out_of_distribution * reduction)), train.images, seed)
    inputs = np.concatenate([_inputs(network, digits), _inputs(network, samples)])
    is_out_of_distribution = np.arange(len(inputs)) >= len(digits)
    mean = inputs[: len(digits)].mean(axis=0)
    scale = inputs[: len(digits)].std(axis=0) + 1e-2  # avoids dividing by a near-zero deviation
    detector = _fit_ensemble(inputs, is_out_of_distribution, mean, scale, seed)
    threshold = np.quantile(detector(validation, outputs), 1 - MAX_REJECTED_FRACTION, method="higher")
    return detector.with_threshold(float(threshold))


def _draw_digit_kinds(train: Split, count: int, seed: int) -> Pixels:
    """Return digits of four kinds: `count` training images, `count` augmented, `count` redrawn, and synthetic ones."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(train))
    plain, to_augment, to_redraw = (train.images[order[kind * count : (kind + 1) * count]] for kind in range(3))
    synthetic, _ = draw_digits(round(count * _SYNTHETIC_FRACTION), seed)
    augmented = augment(to_augment, _OTHER_HANDWRITING, rng)
    return np.concatenate([plain, augmented, redraw_images(to_redraw, TRAINING_RANGES, rng), synthetic])


def _inputs(network: Network, images: Pixels) -> np.ndarray:
    return detector_inputs(images, network(images))


def _fit_ensemble(
    inputs: np.ndarray, is_out_of_distribution: np.ndarray, mean: np.ndarray, scale: np.ndarray, seed: int
) -> Detector:
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits

    standardised = np.clip((inputs - mean) / scale, -MAX_DEVIATIONS, MAX_DEVIATIONS)
    models = [
        MLPClassifier(
            (_HIDDEN_UNITS,),
            batch_size=min(256, len(inputs)),
            learning_rate_init=2e-3,
            alpha=1e-3,
            random_state=seed + index,
        )
        for index in range(_ENSEMBLE_SIZE)
    ]
    # Call `partial_fit` once per epoch; `fit` with this few iterations would warn that it had not converged.
    # The matrices are so small that one thread is faster than several.
    with threadpool_limits(1, user_api="blas"):
        for model in models:
            for _ in range(_EPOCHS):
                model.partial_fit(standardised, is_out_of_distribution, classes=[False, True])
    # Merge the ensemble into a single network: side by side, the hidden layers produce the mean of the models' logits.
    return Detector(
        mean=mean,
        scale=scale,
        hidden_weights=np.concatenate([model.coefs_[0] for model in models], axis=1),
        hidden_bias=np.concatenate([model.intercepts_[0] for model in models]),
        weights=np.concatenate([model.coefs_[1][:, 0] for model in models]) / _ENSEMBLE_SIZE,
        bias=np.asarray(np.mean([model.intercepts_[1][0] for model in models]), np.float32),
    )
