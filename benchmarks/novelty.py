"""What the shipped model knows of what it does not know: calibration, close calls, and what it takes for no digit.

Several ways to tell that something is no digit are compared on the same network, each with a limit that turns away 2 %
of the validation digits. Nothing here was fitted on Fashion-MNIST, on real pen strokes or on the test digits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import keras
import numpy as np
from scipy.special import logsumexp

from benchmarks.fashion import fashion_images
from benchmarks.report import Figure
from core.classifier.bundle import Bundle
from core.classifier.calibration import apply_temperature, expected_calibration_error, unsure_fractions
from core.classifier.evaluation import Evaluation
from core.classifier.fitting import MAX_REJECTED_FRACTION, fit_detector, sample_sizes
from core.classifier.network import Network, NetworkOutput
from core.classifier.novelty import load_detector
from core.data.datasets import CLASSES, Dataset, load_dataset
from core.errors import DataError
from core.handwriting.out_of_distribution import PROPORTIONS, out_of_distribution_samples
from core.handwriting.pen_digits import available_pen_digits, replay
from core.handwriting.strokes import LETTERS, LETTERS_UNLIKE_DIGITS
from core.ink.drawing import Pixels, prepare
from core.workspace import SHIPPED_BUNDLE, Workspace

SEED = 20261123
"""Not the seed of any training: what is measured here, no detector was fitted on."""
DRAWN = 1000
TRAIN = 12_000
NEIGHBOURS = 5
SHRINKAGE = 0.05

Score = Callable[[Pixels, NetworkOutput], np.ndarray]
"""Images and the network's answers on them -> novelty (n,), the higher the stranger."""
Samples = Mapping[str, tuple[Pixels, NetworkOutput]]


def novelty() -> list[Figure]:
    """Figures of the shipped model; those that need data that is not here are left out, with a sentence."""
    try:
        dataset = load_dataset("mnist", Workspace.from_environment())
    except DataError as error:
        print(f"  {error}")
        return []
    bundle = Bundle(SHIPPED_BUNDLE)
    network = Network(bundle.tflite_file)
    if network.feature_count is None:
        print("  The shipped model is of an earlier version and gives out no features.")
        return []
    samples = {name: (images, network(images)) for name, images in _samples(dataset).items()}
    detector = load_detector(bundle.novelty_file, network.feature_count)
    figures = [*_calibration(bundle), *_shares("", detector, samples), *_unseen(bundle, network, dataset)]
    validation = dataset.validation.images
    answers = network(validation)
    for name, score in _rivals(bundle, network, dataset).items():
        limit = float(np.quantile(score(validation, answers), 1 - MAX_REJECTED_FRACTION))
        figures += _shares(f"{name}: ", partial(_above, score, limit), samples)
    return figures


def _above(score: Score, limit: float, images: Pixels, answers: NetworkOutput) -> np.ndarray:
    return score(images, answers) - limit


def _calibration(bundle: Bundle) -> list[Figure]:
    """Calibration on the test set, from the answers on record."""
    calibration, evaluation = bundle.card().calibration, bundle.evaluation()
    if calibration is None:
        return []
    network_alone = Evaluation(apply_temperature(evaluation.probabilities, 1 / calibration.temperature), evaluation.labels)
    unsure, caught = unsure_fractions(evaluation, calibration.unsure_below)
    return [
        Figure("Calibration error on the test set, 15 bins", expected_calibration_error(evaluation) * 100, "%"),
        Figure("Calibration error of the network alone", expected_calibration_error(network_alone) * 100, "%"),
        Figure("Temperature", calibration.temperature, ""),
        Figure("Test digits called unsure", unsure * 100, "%"),
        Figure("Mistakes on the test set that are called unsure", caught * 100, "%"),
    ]


def _samples(dataset: Dataset) -> dict[str, Pixels]:
    """What is measured, as the model sees it; those called "accepted" are digits."""
    drawn = partial(out_of_distribution_samples, DRAWN, dataset.test.images, SEED)
    like_digits = "".join(letter for letter in LETTERS if letter not in LETTERS_UNLIKE_DIGITS)
    samples = {
        "letters unlike digits": drawn(proportions={"letters": 1.0}),
        "scribbles": drawn(proportions={"scribbles": 1.0}),
        "simple drawings": drawn(proportions={"shapes": 1.0}),
        "two digits at once": drawn(proportions={"pairs": 1.0}),
        "a filled square": _filled_square(),
        **_fashion(),
        "letters that can be digits": drawn(proportions={"letters": 1.0}, letters=like_digits),
        "accepted: MNIST's test digits": dataset.test.images,
    }
    pens, generator = available_pen_digits(), np.random.default_rng(SEED)
    if pens:
        samples["accepted: real pen strokes"] = _as_drawn([replay(digit, generator) for digit in pens])
    else:
        print("  Without real pen strokes: name their file with TRAZO_STROKES.")
    return samples


def _filled_square() -> Pixels:
    ink = np.zeros((280, 280), np.uint8)
    ink[60:220, 60:220] = 255
    return _as_drawn([ink])


def _fashion() -> dict[str, Pixels]:
    images = fashion_images()
    if images is None:
        print("  Without Fashion-MNIST: name the folder of its IDX files with TRAZO_FASHION.")
        return {}
    return {"Fashion-MNIST, read like a drawing": _as_drawn(images), "Fashion-MNIST, as it is": images}


def _as_drawn(inks: list[Pixels] | Pixels) -> Pixels:
    images = [prepare(ink).image for ink in inks]
    return np.stack([image for image in images if image is not None])


def _shares(prefix: str, score: Score, samples: Samples) -> list[Figure]:
    """How much of each sample is turned away, or accepted where it is digits."""
    figures = []
    for name, (images, answers) in samples.items():
        refused = float((score(images, answers) > 0).mean()) * 100
        digits = name.startswith("accepted: ")
        title = f"{prefix}accepted, {name.removeprefix('accepted: ')}" if digits else f"{prefix}turned away, {name}"
        figures.append(Figure(title, 100 - refused if digits else refused, "%"))
    return figures


def _unseen(bundle: Bundle, network: Network, dataset: Dataset) -> list[Figure]:
    """Detectors that were never shown a kind, measured on that kind: how far they see beyond what they know."""
    known, hidden = LETTERS_UNLIKE_DIGITS[::2], LETTERS_UNLIKE_DIGITS[1::2]
    drawn = partial(out_of_distribution_samples, DRAWN, dataset.test.images, SEED)
    trials = {
        "half of the letters": (
            partial(out_of_distribution_samples, letters=known),
            drawn(proportions={"letters": 1.0}, letters=hidden),
        ),
        "scribbles": (
            partial(out_of_distribution_samples, proportions=_without("scribbles")),
            drawn(proportions={"scribbles": 1.0}),
        ),
        "simple drawings": (
            partial(out_of_distribution_samples, proportions=_without("shapes")),
            drawn(proportions={"shapes": 1.0}),
        ),
    }
    validation, figures = dataset.validation.images, []
    answers, sizes = network(validation), sample_sizes(bundle.card().config)
    for name, (draw, images) in trials.items():
        detector = fit_detector(network, dataset.train, validation, answers, SEED, sizes, draw)
        refused = float((detector(images, network(images)) > 0).mean())
        figures.append(Figure(f"Fitted without {name}: turned away of those", refused * 100, "%"))
    return figures


def _without(kind: str) -> dict[str, float]:
    return {name: share for name, share in PROPORTIONS.items() if name != kind}


def _rivals(bundle: Bundle, network: Network, dataset: Dataset) -> dict[str, Score]:
    """Methods that need no out-of-distribution samples, on the features that the last dense layer sees."""
    dense = keras.models.load_model(bundle.keras_file, compile=False).layers[-1]
    kernel, bias = dense.get_weights()
    width = len(kernel)
    train, labels = dataset.train.images[:TRAIN], dataset.train.labels[:TRAIN]
    known = _penultimate(network(train), width)
    means = np.stack([known[labels == digit].mean(axis=0) for digit in range(CLASSES)])
    within, overall = _whitening(known - means[labels]), _whitening(known - known.mean(axis=0))
    unit = known / np.linalg.norm(known, axis=1, keepdims=True)

    def mahalanobis(_: Pixels, answers: NetworkOutput) -> np.ndarray:
        white = _penultimate(answers, width) @ within
        return np.min([((white - mean) ** 2).sum(axis=1) for mean in means @ within], axis=0)

    def relative_mahalanobis(images: Pixels, answers: NetworkOutput) -> np.ndarray:
        background = ((_penultimate(answers, width) - known.mean(axis=0)) @ overall) ** 2
        return mahalanobis(images, answers) - background.sum(axis=1)

    def neighbours(_: Pixels, answers: NetworkOutput) -> np.ndarray:
        features = _penultimate(answers, width)
        features = features / np.linalg.norm(features, axis=1, keepdims=True)
        parts = np.array_split(features, max(1, len(features) // 500))
        return -np.concatenate([np.partition(part @ unit.T, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS] for part in parts])

    return {
        "Largest probability (Hendrycks and Gimpel, 2017)": lambda _, answers: -answers.probabilities.max(axis=1),
        "Energy (Liu et al., 2020)": lambda _, answers: (
            -logsumexp(_penultimate(answers, width) @ kernel + bias, axis=1)
        ),
        "Mahalanobis distance (Lee et al., 2018)": mahalanobis,
        "Relative Mahalanobis distance (Ren et al., 2021)": relative_mahalanobis,
        "5th nearest neighbour (Sun et al., 2022)": neighbours,
    }


def _penultimate(answers: NetworkOutput, width: int) -> np.ndarray:
    assert answers.features is not None
    return answers.features[:, :width]


def _whitening(centred: np.ndarray) -> np.ndarray:
    """A matrix that makes the shrunk covariance of the rows the identity."""
    covariance = np.cov(centred.T)
    size = len(covariance)
    shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * np.trace(covariance) / size * np.eye(size)
    return np.linalg.cholesky(np.linalg.inv(shrunk))
