"""One drawing, one model: our canvas to answer beside three ways of asking Keras; one thread beside eight."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from benchmarks.child import measured
from benchmarks.report import Figure
from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor
from core.data.drawing import ink_from_canvas
from core.data.pen_digits import pen_digits_at_hand, replayed
from core.workspace import SHIPPED_BUNDLE

SEED = 1
CANVASES = 50
ROUNDS = 20
CALLS_A_ROUND = 10
THREADS = 8
READINGS = 2000
THREAD_ROUNDS = 3

OURS = "Canvas to answer, ours"
PREDICT = "`model.predict` on a ready image"
CALL = "`model(x)` on a ready image"
COMPILED = "`tf.function` of the model on a ready image"


def side_by_side() -> list[Figure]:
    """Medians and ratios on the shipped model, and what eight threads gain; TensorFlow is loaded in a child alone.

    Nothing without pen strokes: other drawings take other times.
    """
    if not pen_digits_at_hand():
        return []
    times: dict[str, float] = measured("benchmarks.reading_baselines")
    figures = [Figure(f"{name}, median", spent, "ms") for name, spent in times.items()]
    figures += [
        Figure(f"Ours is faster than {name}", times[name] / times[OURS], "times") for name in times if name != OURS
    ]
    return [*figures, *threads_figures()]


def threads_figures() -> list[Figure]:
    """Drawings a second from one thread and from eight, and whether the answers are the same."""
    predictor, canvases = Predictor(Bundle(SHIPPED_BUNDLE)), drawn_canvases()

    def read(index: int) -> bytes:
        probabilities = predictor.read(ink_from_canvas(canvases[index % len(canvases)])).probabilities
        return b"" if probabilities is None else probabilities.tobytes()

    rates: dict[int, list[float]] = {1: [], THREADS: []}
    answers: dict[int, list[bytes]] = {}
    for _ in range(THREAD_ROUNDS):
        for threads, measurements in rates.items():
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(read, range(10 * threads)))
                began = perf_counter()
                answers[threads] = list(pool.map(read, range(READINGS)))
                measurements.append(READINGS / (perf_counter() - began))
    differing = sum(one != many for one, many in zip(answers[1], answers[THREADS], strict=True))
    alone, together = median(rates[1]), median(rates[THREADS])
    return [
        Figure("Canvases read a second, 1 thread", alone, "1/s"),
        Figure(f"Canvases read a second, {THREADS} threads", together, "1/s"),
        Figure(f"{THREADS} threads against 1", together / alone, "times"),
        Figure(f"Answers of {THREADS} threads that differ in any bit from those of 1, of {READINGS:,}", differing, ""),
    ]


def drawn_canvases() -> list[np.ndarray]:
    """Drawings as the canvas sends them, uint8 (280, 280, 4): pen strokes of real people."""
    generator = np.random.default_rng(SEED)
    inks = [replayed(digit, generator) for digit in pen_digits_at_hand()[:CANVASES]]
    return [np.dstack([ink, ink, ink, np.full_like(ink, 255)]) for ink in inks]


def medians() -> dict[str, float]:
    """Median milliseconds a call of each way, in turns, so that all meet the same machine.

    The Keras ways get a float image of 28x28: their figures hold none of the way from the canvas to it.
    """
    import keras
    import tensorflow as tf

    bundle = Bundle(SHIPPED_BUNDLE)
    predictor, canvases = Predictor(bundle), drawn_canvases()
    model = keras.models.load_model(bundle.keras_file)
    compiled = tf.function(lambda image: model(image, training=False))
    image = np.random.default_rng(SEED).random((1, 28, 28, 1), np.float32)
    tensor = tf.constant(image)
    ways: dict[str, Callable[[int], object]] = {
        OURS: lambda index: predictor.read(ink_from_canvas(canvases[index % len(canvases)])),
        PREDICT: lambda _: model.predict(image, verbose=0),
        CALL: lambda _: np.asarray(model(tensor, training=False)),
        COMPILED: lambda _: compiled(tensor).numpy(),
    }
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(ROUNDS + 1):
        for name, way in ways.items():
            for index in range(CALLS_A_ROUND):
                began = perf_counter()
                way(turn * CALLS_A_ROUND + index)
                if turn:  # the first one warms up
                    spent[name].append((perf_counter() - began) * 1000)
    return {name: median(values) for name, values in spent.items()}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(medians()))
