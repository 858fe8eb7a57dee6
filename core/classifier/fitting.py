"""Fitting of the calibration and the novelty detector to a trained network.

Only training, validation and synthetic images are used, never the test set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from core.classifier.bundle import Calibration
from core.classifier.calibration import apply_temperature, fit_temperature, fit_unsure_limit, unsure_fractions
from core.classifier.detector_samples import Samples, detector_samples
from core.classifier.evaluation import Evaluation
from core.classifier.network import Network, NetworkOutput
from core.classifier.novelty import MAX_DEVIATIONS, Detector, detector_inputs
from core.data.datasets import Split
from core.environment import thread_count
from core.ink.drawing import Pixels

MAX_REJECTED_FRACTION = 0.02
"""Maximum fraction of validation digits, and of digits in other handwriting, that the detector may reject.

It determines the rejection threshold.
"""

_ENSEMBLE_SIZE = 5
"""Number of networks in the detector.

Averaging several small networks generalises better to unseen kinds of images than one large network.
"""

_HIDDEN_UNITS = 64
"""Hidden units of each network."""

_EPOCHS = 8
"""Epochs of each network."""


def fit_calibration(probabilities: np.ndarray, labels: np.ndarray) -> Calibration:
    """Fit the temperature and the confidence threshold to the probabilities on a validation split.

    A prediction with a confidence below the threshold is a close call.
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
    portions: Sequence[Samples],
    validation: Pixels,
    outputs: NetworkOutput,
    other_handwriting: Sequence[Pixels],
    seed: int,
    check: Callable[[], None] = lambda: None,
) -> Detector:
    """Fit a detector that rejects at most MAX_REJECTED_FRACTION of the validation images and of other handwriting.

    `portions`: the drawn samples. `outputs`: the network's outputs for the validation images. `other_handwriting`:
    sets of digits in handwriting unlike that of the validation images, uint8 (n, 28, 28) each. `check` is called about
    once a second; an error that it raises ends the fit.
    """
    digit_inputs, out_of_distribution_inputs = [], []
    for samples in detector_samples(train, portions, seed):
        check()
        digit_inputs.append(_inputs(network, samples.digits))
        out_of_distribution_inputs.append(_inputs(network, samples.out_of_distribution))
    digits = np.concatenate(digit_inputs)
    mean = digits.mean(axis=0)
    scale = digits.std(axis=0) + 1e-2  # avoids dividing by a near-zero deviation
    inputs = np.concatenate([digits, *out_of_distribution_inputs])
    is_out_of_distribution = np.arange(len(inputs)) >= len(digits)
    detector = _fit_ensemble(inputs, is_out_of_distribution, mean, scale, seed, check)
    scores = [detector(validation, outputs)]
    scores += [detector(images, network(images)) for images in other_handwriting]
    thresholds = [np.quantile(values, 1 - MAX_REJECTED_FRACTION, method="higher") for values in scores]
    return detector.with_threshold(float(max(thresholds)))


def _inputs(network: Network, images: Pixels) -> np.ndarray:
    return detector_inputs(images, network(images))


def _fit_ensemble(
    inputs: np.ndarray,
    is_out_of_distribution: np.ndarray,
    mean: np.ndarray,
    scale: np.ndarray,
    seed: int,
    check: Callable[[], None],
) -> Detector:
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits

    standardised_inputs = np.clip((inputs - mean) / scale, -MAX_DEVIATIONS, MAX_DEVIATIONS)
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

    def fit(model: MLPClassifier) -> None:
        # Call `partial_fit` once per epoch; `fit` with this few iterations would warn that it had not converged.
        for _ in range(_EPOCHS):
            check()
            model.partial_fit(standardised_inputs, is_out_of_distribution, classes=[False, True])

    # The matrices are so small that one thread for each network is faster than several for its matrix products.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(thread_count()) as pool:
        list(pool.map(fit, models))
    # Merge the ensemble into a single network: side by side, the hidden layers produce the mean of the models' logits.
    return Detector(
        mean=mean,
        scale=scale,
        hidden_weights=np.concatenate([model.coefs_[0] for model in models], axis=1),
        hidden_bias=np.concatenate([model.intercepts_[0] for model in models]),
        weights=np.concatenate([model.coefs_[1][:, 0] for model in models]) / _ENSEMBLE_SIZE,
        bias=np.asarray(np.mean([model.intercepts_[1][0] for model in models]), np.float32),
    )
