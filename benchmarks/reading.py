"""Prediction speed and accuracy of the shipped model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import numpy as np

from benchmarks.pen_digits import held_out_digits
from benchmarks.report import Figure
from benchmarks.timing import milliseconds
from core.classifier import robustness
from core.classifier.bundle import Bundle
from core.classifier.disputed import disputed_labels
from core.classifier.evaluation import Evaluation, confusion_matrix, row_fractions
from core.classifier.network import Network
from core.classifier.predictor import Predictor
from core.data.datasets import load_dataset
from core.errors import DataError
from core.handwriting.pen_digits import PenDigit, replay
from core.ink.drawing import ink_from_canvas
from core.workspace import SHIPPED_BUNDLE, Workspace

SEED = 1
THREADS = 8
"""Concurrent threads, more than the two cores of the machine in RESULTS.md."""
DRAWINGS = 2000
"""Number of drawings predicted by all threads together, which takes about 2 s."""
CANVASES = 100
"""Number of different drawings, predicted in turn."""
BATCH = 10_000
"""Number of images per batch, as many as in MNIST's test set."""
CONFUSIONS = 8
"""Number of most frequent confusions in the report."""


def speed() -> list[Figure]:
    """Measure latency and throughput from canvas to probabilities; return nothing without pen digits.

    Other drawings would give different figures.
    """
    if not held_out_digits():
        return []
    bundle = Bundle(SHIPPED_BUNDLE)
    load, _ = milliseconds(lambda _: Predictor(bundle), 30)
    predictor = Predictor(bundle)
    canvases = canvas_drawings(CANVASES)

    def read(index: int) -> object:
        return predictor.read(ink_from_canvas(canvases[index % len(canvases)]))

    median, percentile_95 = milliseconds(read, 1000)
    images = np.random.default_rng(SEED).integers(0, 256, (BATCH, 28, 28), np.uint8)
    batch, _ = milliseconds(lambda _: predictor.probabilities(images), 5, warm_up=1)
    return [
        Figure("Load time of the shipped model, median", load, "ms"),
        Figure("Canvas (280x280 RGBA) to probabilities, median", median, "ms"),
        Figure("Canvas (280x280 RGBA) to probabilities, 95th percentile", percentile_95, "ms"),
        Figure(f"Throughput with {THREADS} threads", _throughput(read), "drawings/s"),
        Figure(f"Throughput in one batch of {BATCH:,} images", BATCH / batch * 1000, "images/s"),
    ]


def _throughput(read: Callable[[int], object]) -> float:
    """Return the number of drawings per second with THREADS threads."""
    start = perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        # One task per thread, because submitting single drawings costs about as much as predicting them.
        list(pool.map(lambda first: [read(index) for index in range(first, DRAWINGS, THREADS)], range(THREADS)))
    return DRAWINGS / (perf_counter() - start)


def canvas_drawings(count: int) -> list[np.ndarray]:
    """Return the first pen digits of the held-out writers as the canvas sends them: uint8 (280, 280, 4)."""
    generator = np.random.default_rng(SEED)
    inks = [replay(digit, generator) for digit in held_out_digits()[:count]]
    return [np.dstack([ink, ink, ink, np.full_like(ink, 255)]) for ink in inks]


def accuracy() -> list[Figure]:
    """Measure accuracy on pen digits and on MNIST's test images; return nothing if either is missing."""
    network, digits = Network(Bundle(SHIPPED_BUNDLE).tflite_file), held_out_digits()
    try:
        test = load_dataset("mnist", Workspace.from_environment()).test
    except DataError:
        return []
    if not digits:
        return []
    direct = robustness.accuracy(network, test.images, test.labels)
    prepared = robustness.accuracy(network, robustness.prepare_all(test.images), test.labels)
    return [
        *_pen_digit_figures(Predictor(Bundle(SHIPPED_BUNDLE)), digits),
        *_misclassified(Bundle(SHIPPED_BUNDLE)),
        Figure("Accuracy on MNIST test images, direct to the network", direct * 100, "%"),
        Figure("Accuracy on MNIST test images, as a drawing", prepared * 100, "%"),
    ]


def _misclassified(bundle: Bundle) -> list[Figure]:
    """Count the misclassified test images, and those among them with a disputed label."""
    evaluation = bundle.evaluation()
    wrong = int((evaluation.predictions != evaluation.labels).sum())
    figures = [Figure("Misclassified MNIST test images", wrong, "")]
    disputed = disputed_labels(bundle.card().data.fingerprint, evaluation)
    if disputed:
        indices = ", ".join(map(str, disputed.mistakes))
        label = f"Misclassified MNIST test images with a disputed label ({indices})"
        figures.append(Figure(label, len(disputed.mistakes), ""))
    return figures


def _pen_digit_figures(predictor: Predictor, digits: Sequence[PenDigit]) -> list[Figure]:
    """Measure predictions and verdicts on these pen digits, and the accuracy for each writer and class."""
    generator = np.random.default_rng(SEED)
    readings = [predictor.read(replay(digit, generator)) for digit in digits]
    labels = np.array([digit.label for digit in digits])
    correct = np.array([reading.digit for reading in readings]) == labels
    verdicts = np.array([reading.verdict for reading in readings])
    writers = np.array([digit.writer for digit in digits])
    accuracies = {writer: float(correct[writers == writer].mean()) for writer in np.unique(writers).tolist()}
    worst = min(accuracies, key=lambda writer: accuracies[writer])
    return [
        Figure(f"Accuracy on {len(digits):,} pen digits of the held-out writers", float(correct.mean()) * 100, "%"),
        Figure(
            "Pen digits predicted correctly and without doubt",
            float((correct & (verdicts == "digit")).mean()) * 100,
            "%",
        ),
        Figure("Pen digits rejected", float((verdicts == "not_a_digit").mean()) * 100, "%"),
        Figure("Accuracy on pen digits, mean over the writers", float(np.mean(list(accuracies.values()))) * 100, "%"),
        Figure(f"Accuracy on pen digits, worst writer ({worst})", accuracies[worst] * 100, "%"),
        *_class_figures(Evaluation(np.stack([reading.probabilities for reading in readings]), labels)),
    ]


def _class_figures(evaluation: Evaluation) -> list[Figure]:
    matrix = confusion_matrix(evaluation)
    fractions = row_fractions(matrix)
    figures = [
        Figure(f"Accuracy on pen digits, class {digit}", float(fraction) * 100, "%")
        for digit, fraction in enumerate(np.diag(fractions))
    ]
    np.fill_diagonal(matrix, 0)
    np.fill_diagonal(fractions, 0)
    most_frequent = np.argsort(-matrix, axis=None)[:CONFUSIONS]
    for true, predicted in zip(*np.unravel_index(most_frequent, matrix.shape), strict=True):
        figures.append(
            Figure(f"Pen digits: {true} predicted as {predicted}", float(fractions[true, predicted]) * 100, "%")
        )
    return figures
