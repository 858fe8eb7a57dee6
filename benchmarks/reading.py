"""How fast and how well drawings are read by the shipped model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import numpy as np

from benchmarks.replay import SIDE, pen_digits, replayed
from benchmarks.report import Figure
from benchmarks.timing import milliseconds
from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor
from core.data.datasets import load_dataset
from core.data.drawing import ink_from_canvas, prepare
from core.errors import DataError
from core.workspace import SHIPPED_BUNDLE, Workspace

SEED = 1
THREADS = 8


def speed() -> list[Figure]:
    """Ink to probabilities, one drawing at a time, from eight threads, and ten thousand images at once."""
    bundle = Bundle(SHIPPED_BUNDLE)
    load, _ = milliseconds(lambda _: Predictor(bundle), 30)
    predictor = Predictor(bundle)
    canvases = _canvases()

    def read(index: int) -> object:
        return predictor.read(ink_from_canvas(canvases[index % len(canvases)]))

    median, tail = milliseconds(read, 1000)
    began = perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(read, range(2000)))
    threaded = 2000 / (perf_counter() - began)
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
    """Share of real pen strokes read rightly, and what the way from ink costs on MNIST's test images."""
    predictor, figures = Predictor(Bundle(SHIPPED_BUNDLE)), []
    digits = pen_digits()
    if digits:
        generator = np.random.default_rng(SEED)
        drawings = [prepare(replayed(digit, generator)).image for digit in digits]
        said = predictor.probabilities(np.stack(drawings)).argmax(axis=1)
        labels = np.array([digit.label for digit in digits])
        figures.append(Figure("Real pen strokes read rightly", float((said == labels).mean()) * 100, "%"))
        for digit in range(10):
            share = float((said[labels == digit] == digit).mean()) * 100
            figures.append(Figure(f"Real pen strokes read rightly: {digit}", share, "%"))
    try:
        test = load_dataset("mnist", Workspace.from_environment()).test
    except DataError:
        return figures
    direct = (predictor.probabilities(test.images).argmax(axis=1) == test.labels).mean()
    prepared = np.stack([prepare(image).image for image in test.images])
    redrawn = (predictor.probabilities(prepared).argmax(axis=1) == test.labels).mean()
    return [
        *figures,
        Figure("MNIST test images read rightly", float(direct) * 100, "%"),
        Figure("MNIST test images read rightly as drawings", float(redrawn) * 100, "%"),
    ]


def _canvases() -> list[np.ndarray]:
    """Drawings as the canvas sends them, uint8 (280, 280, 4)."""
    generator = np.random.default_rng(SEED)
    digits = (pen_digits() or [])[:100]
    inks = [replayed(digit, generator) for digit in digits] or [_plain_seven()]
    return [np.dstack([ink, ink, ink, np.full_like(ink, 255)]) for ink in inks]


def _plain_seven() -> np.ndarray:
    ink = np.zeros((SIDE, SIDE), np.uint8)
    ink[60:80, 80:200] = 255
    ink[80:220, 150:170] = 255
    return ink
