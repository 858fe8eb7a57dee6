"""Calibration of the shipped model, and its detection of out-of-distribution samples compared with other methods.

Every method rejects 2% of the validation digits. None was fitted on Fashion-MNIST, the test set, or the
held-out writers' pen digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from benchmarks.fashion import fashion_images
from benchmarks.novelty_baselines import Score, baselines
from benchmarks.pen_digits import held_out_digits
from benchmarks.report import Figure
from core.classifier.bundle import Bundle
from core.classifier.calibration import apply_temperature, expected_calibration_error, unsure_fractions
from core.classifier.detector_samples import draw_other_handwriting, draw_portion, portion_count
from core.classifier.evaluation import Evaluation
from core.classifier.fitting import MAX_REJECTED_FRACTION, fit_detector
from core.classifier.network import Network, NetworkOutput
from core.classifier.novelty import load_detector
from core.data.datasets import Dataset, load_dataset
from core.data.pen_digits import available_training_digits
from core.errors import DataError
from core.handwriting.out_of_distribution import PROPORTIONS, out_of_distribution_samples
from core.handwriting.pen_digits import replay
from core.handwriting.strokes import LETTERS, LETTERS_UNLIKE_DIGITS
from core.ink.drawing import Pixels, prepare
from core.workspace import SHIPPED_BUNDLE, Workspace

SEED = 20261123
"""Seed that differs from every training seed, so that no detector was fitted on these samples."""
SAMPLES = 1000
"""Number of samples of each kind."""

_DIGITS = ("MNIST test digits", "pen digits")
"""Samples that should be accepted; all others should be rejected."""

Samples = Mapping[str, tuple[Pixels, NetworkOutput]]


def novelty() -> list[Figure]:
    """Measure the shipped model; print a line for each figure whose data is missing."""
    try:
        dataset = load_dataset("mnist", Workspace.from_environment())
    except DataError as error:
        print(f"  {error}")
        return []
    bundle = Bundle(SHIPPED_BUNDLE)
    network = Network(bundle.tflite_file)
    if network.feature_count is None:
        print("  Skipped: the shipped model was trained by an earlier version of Trazo and returns no features.")
        return []
    samples = {name: (images, network(images)) for name, images in _samples(dataset).items()}
    detector = load_detector(bundle.novelty_file, network.feature_count)
    return [
        *_calibration(bundle),
        *_rejections("Trazo", detector, samples),
        *_held_out(bundle, network, dataset),
        *_baseline_rejections(bundle, network, dataset, samples),
    ]


def _calibration(bundle: Bundle) -> list[Figure]:
    """Return the calibration on the test set, from the predictions in the bundle."""
    calibration, evaluation = bundle.card().calibration, bundle.evaluation()
    if calibration is None:
        return []
    uncalibrated = Evaluation(
        apply_temperature(evaluation.probabilities, 1 / calibration.temperature), evaluation.labels
    )
    unsure, caught = unsure_fractions(evaluation, calibration.unsure_below)
    error, uncalibrated_error = expected_calibration_error(evaluation), expected_calibration_error(uncalibrated)
    return [
        Figure("Expected calibration error on the test set, 15 bins", error * 100, "%"),
        Figure("Expected calibration error without temperature scaling", uncalibrated_error * 100, "%"),
        Figure("Temperature", calibration.temperature, ""),
        Figure("Close calls among the test digits", unsure * 100, "%"),
        Figure("Close calls among the mistakes on the test set", caught * 100, "%"),
    ]


def _samples(dataset: Dataset) -> dict[str, Pixels]:
    """Return the images of every kind as the model sees them."""
    draw = partial(out_of_distribution_samples, SAMPLES, dataset.test.images, SEED)
    like_digits = "".join(letter for letter in LETTERS if letter not in LETTERS_UNLIKE_DIGITS)
    samples = {
        "letters unlike any digit": draw(proportions={"letters": 1.0}),
        "letters unlike any digit, in styles never trained on": draw(proportions={"held-out letters": 1.0}),
        "doodles": draw(proportions={"doodles": 1.0}),
        "doodles of things never trained on": draw(proportions={"held-out doodles": 1.0}),
        "scribbles": draw(proportions={"scribbles": 1.0}),
        "simple shapes": draw(proportions={"shapes": 1.0}),
        "pairs of digits": draw(proportions={"pairs": 1.0}),
        "filled square": _filled_square(),
        **_fashion(),
        "letters that look like digits": draw(proportions={"letters": 1.0}, letters=like_digits),
        "MNIST test digits": dataset.test.images,
    }
    digits, generator = held_out_digits(), np.random.default_rng(SEED)
    if digits:
        samples["pen digits"] = _as_drawings([replay(digit, generator) for digit in digits])
    else:
        print("  Skipped: pen digits. Get them with: python -m core data download pen-digits")
    return samples


def _filled_square() -> Pixels:
    ink = np.zeros((280, 280), np.uint8)
    ink[60:220, 60:220] = 255
    return _as_drawings([ink])


def _fashion() -> dict[str, Pixels]:
    images = fashion_images()
    if images is None:
        print("  Skipped: Fashion-MNIST. Set TRAZO_FASHION to the folder of its IDX files.")
        return {}
    return {"Fashion-MNIST as drawings": _as_drawings(images), "Fashion-MNIST direct to the network": images}


def _as_drawings(inks: list[Pixels] | Pixels) -> Pixels:
    images = [prepare(ink).image for ink in inks]
    return np.stack([image for image in images if image is not None])


def _rejections(method: str, score: Score, samples: Samples) -> list[Figure]:
    """Return the percentage of each kind that is rejected or, for digits, accepted; a score above 0 means rejection."""
    figures = []
    for name, (images, outputs) in samples.items():
        rejected = float((score(images, outputs) > 0).mean()) * 100
        if name in _DIGITS:
            figures.append(Figure(f"{method}: accepted, {name}", 100 - rejected, "%"))
        else:
            figures.append(Figure(f"{method}: rejected, {name}", rejected, "%"))
    return figures


def _held_out(bundle: Bundle, network: Network, dataset: Dataset) -> list[Figure]:
    """Fit detectors without one kind of sample, and evaluate them on that kind."""
    fitted_letters, held_out_letters = LETTERS_UNLIKE_DIGITS[::2], LETTERS_UNLIKE_DIGITS[1::2]
    draw = partial(out_of_distribution_samples, SAMPLES, dataset.test.images, SEED)
    held_out_kinds = {
        "half of the letters": (
            partial(out_of_distribution_samples, letters=fitted_letters),
            draw(proportions={"letters": 1.0}, letters=held_out_letters),
        ),
        "scribbles": (_samples_without("scribbles"), draw(proportions={"scribbles": 1.0})),
        "simple shapes": (_samples_without("shapes"), draw(proportions={"shapes": 1.0})),
    }
    validation, figures = dataset.validation.images, []
    outputs, indices = network(validation), range(portion_count(bundle.card().config))
    pen_digits = available_training_digits(Workspace.from_environment())
    other_handwriting = draw_other_handwriting(SAMPLES, SEED, pen_digits)
    for name, (draw_samples, images) in held_out_kinds.items():
        portions = [draw_portion(dataset.train, SEED, index, pen_digits, draw_samples) for index in indices]
        detector = fit_detector(network, dataset.train, portions, validation, outputs, [other_handwriting], SEED)
        rejected = float((detector(images, network(images)) > 0).mean())
        figures.append(Figure(f"Trazo, fitted without {name}: held-out samples rejected", rejected * 100, "%"))
    return figures


def _samples_without(kind: str) -> partial[Pixels]:
    proportions = {name: proportion for name, proportion in PROPORTIONS.items() if name != kind}
    return partial(out_of_distribution_samples, proportions=proportions)


def _baseline_rejections(bundle: Bundle, network: Network, dataset: Dataset, samples: Samples) -> list[Figure]:
    validation, figures = dataset.validation.images, []
    outputs = network(validation)
    for name, score in baselines(bundle, network, dataset.train).items():
        threshold = float(np.quantile(score(validation, outputs), 1 - MAX_REJECTED_FRACTION))
        figures += _rejections(name, partial(_score_above, score, threshold), samples)
    return figures


def _score_above(score: Score, threshold: float, images: Pixels, outputs: NetworkOutput) -> np.ndarray:
    return score(images, outputs) - threshold
