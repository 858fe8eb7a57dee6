"""How fast and how well drawings are read by the shipped model."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import numpy as np

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
from core.handwriting.pen_digits import PenDigit, available_pen_digits, replay
from core.ink.drawing import ink_from_canvas
from core.workspace import SHIPPED_BUNDLE, Workspace

SEED = 1
THREADS = 8
DRAWINGS = 2000
CONFUSIONS = 8
"""How many of the confusions that happen most are reported."""


def speed() -> list[Figure]:
    """Ink to probabilities, one drawing at a time, from eight threads, and ten thousand images at once.

    Nothing without pen strokes: other drawings take other times.
    """
    if not available_pen_digits():
        return []
    bundle = Bundle(SHIPPED_BUNDLE)
    load, _ = milliseconds(lambda _: Predictor(bundle), 30)
    predictor = Predictor(bundle)
    canvases = _canvases()

    def read(index: int) -> object:
        return predictor.read(ink_from_canvas(canvases[index % len(canvases)]))

    median, tail = milliseconds(read, 1000)
    began = perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        # Each thread has its share at once: handing over single drawings costs about as much as reading some.
        list(pool.map(lambda first: [read(index) for index in range(first, DRAWINGS, THREADS)], range(THREADS)))
    threaded = DRAWINGS / (perf_counter() - began)
    many = np.random.default_rng(SEED).integers(0, 256, (10_000, 28, 28), np.uint8)
    batch, _ = milliseconds(lambda _: predictor.probabilities(many), 5, warm_up=1)
    return [
        Figure("Loading the shipped model", load, "ms"),
        Figure("Canvas (280x280 RGBA) to probabilities, median", median, "ms"),
        Figure("Canvas (280x280 RGBA) to probabilities, 95th percentile", tail, "ms"),
        Figure(f"Drawings a second, {THREADS} threads", threaded, "1/s"),
        Figure("Images a second, 10,000 at once", 10_000 / batch * 1000, "1/s"),
    ]


def accuracy() -> list[Figure]:
    """Share of real pen strokes read rightly, what the way from ink costs on MNIST's test images, and their mistakes.

    Nothing where pen strokes or MNIST are missing.
    """
    network, digits = Network(Bundle(SHIPPED_BUNDLE).tflite_file), available_pen_digits()
    try:
        test = load_dataset("mnist", Workspace.from_environment()).test
    except DataError:
        return []
    if not digits:
        return []
    return [
        *_pen_strokes(network, digits),
        *_mistakes(Bundle(SHIPPED_BUNDLE)),
        Figure("MNIST test images read rightly", robustness.accuracy(network, test.images, test.labels) * 100, "%"),
        Figure(
            "MNIST test images read rightly as drawings",
            robustness.accuracy(network, robustness.prepare_all(test.images), test.labels) * 100,
            "%",
        ),
    ]


def _mistakes(bundle: Bundle) -> list[Figure]:
    """How many test images the shipped model reads otherwise than their labels, and which of these are disputed."""
    evaluation = bundle.evaluation()
    wrong = int((evaluation.predictions != evaluation.labels).sum())
    figures = [Figure("MNIST test images read otherwise than their labels", wrong, "")]
    disputed = disputed_labels(bundle.card().data.fingerprint, evaluation)
    if disputed:
        which = ", ".join(map(str, disputed.mistakes))
        figures.append(Figure(f"of these with a disputed label (images {which})", len(disputed.mistakes), ""))
    return figures


def _pen_strokes(network: Network, digits: Sequence[PenDigit]) -> list[Figure]:
    """All pen strokes, each digit, and the confusions that happen most."""
    generator = np.random.default_rng(SEED)
    images = robustness.prepare_all([replay(digit, generator) for digit in digits])
    labels = np.array([digit.label for digit in digits])
    answers = Evaluation(network(images).probabilities, labels)
    figures = [Figure(f"Real pen strokes read rightly, of {len(digits):,}", answers.accuracy * 100, "%")]
    novelty = Predictor(Bundle(SHIPPED_BUNDLE)).novelty(images)
    if novelty is not None:
        both = (answers.predictions == labels) & (novelty <= 0)
        figures.append(Figure("Real pen strokes read rightly and taken for digits", float(both.mean()) * 100, "%"))
    matrix = confusion_matrix(answers)
    for digit, share in enumerate(np.diag(row_fractions(matrix))):
        figures.append(Figure(f"Real pen strokes read rightly: {digit}", float(share) * 100, "%"))
    np.fill_diagonal(matrix, 0)
    for true, said in zip(*np.unravel_index(np.argsort(-matrix, axis=None)[:CONFUSIONS], matrix.shape), strict=True):
        share = matrix[true, said] / np.count_nonzero(labels == true)
        figures.append(Figure(f"Real pen strokes: {true} read as {said}", float(share) * 100, "%"))
    return figures


def _canvases() -> list[np.ndarray]:
    """Drawings as the canvas sends them, uint8 (280, 280, 4)."""
    generator = np.random.default_rng(SEED)
    digits = available_pen_digits()[:100]
    inks = [replay(digit, generator) for digit in digits]
    return [np.dstack([ink, ink, ink, np.full_like(ink, 255)]) for ink in inks]
