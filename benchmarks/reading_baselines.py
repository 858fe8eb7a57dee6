"""One drawing, one model: the canvas to answer beside three ways of asking Keras; one thread beside eight, one worker
of the pool beside all."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import anyio
import numpy as np
import psutil
import uvloop

from benchmarks.child import measured
from benchmarks.report import Figure
from benchmarks.scenes import encoded
from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor
from core.handwriting.pen_digits import available_pen_digits, replay
from core.ink.drawing import ink_from_canvas
from core.ink.photo import ink_from_picture
from core.workspace import SHIPPED_BUNDLE
from dashboard.server.pictures import PicturePool

SEED = 1
CANVASES = 50
ROUNDS = 20
CALLS_A_ROUND = 10
THREADS = 8
READINGS = 2000
THREAD_ROUNDS = 3
ASKING = 8
PICTURES = 800
PROCESS_ROUNDS = 3

OURS = "Canvas to answer, ours"
PREDICT = "`model.predict` on a ready image"
CALL = "`model(x)` on a ready image"
COMPILED = "`tf.function` of the model on a ready image"


def side_by_side() -> list[Figure]:
    """Medians and ratios on the shipped model, and what eight threads gain; TensorFlow is loaded in a child alone.

    Nothing without pen strokes: other drawings take other times.
    """
    if not available_pen_digits():
        return []
    times: dict[str, float] = measured("benchmarks.reading_baselines")
    figures = [Figure(f"{name}, median", spent, "ms") for name, spent in times.items()]
    figures += [
        Figure(f"Ours is faster than {name}", times[name] / times[OURS], "times") for name in times if name != OURS
    ]
    return [*figures, *threads_figures(), *pool_figures()]


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


def pool_figures() -> list[Figure]:
    """Pictures a second that the picture pool and the network read for eight clients at once: one worker beside all."""
    predictor = Predictor(Bundle(SHIPPED_BUNDLE))
    pictures = [encoded(ink_from_canvas(canvas)) for canvas in drawn_canvases()]
    expected = [predictor.read(ink_from_picture(picture)).to_json() for picture in pictures]
    measured = uvloop.run(_read_in_pool(predictor, pictures, expected))
    alone, together = median(measured.alone), median(measured.together)
    return [
        Figure("Pictures read a second with one worker of the picture pool", alone, "1/s"),
        Figure(f"Pictures read a second with {measured.workers} workers of the picture pool", together, "1/s"),
        Figure(f"{measured.workers} workers against 1, {ASKING} clients at once", together / alone, "times"),
        Figure("Their answers that differ in any bit from a thread's", measured.differing, ""),
        Figure("Memory that one worker has to itself", measured.memory / 1e6, "MB"),
    ]


@dataclass
class _PoolMeasured:
    """Pictures a second with one worker and with all, in turns; bytes of one worker."""

    workers: int
    alone: list[float] = field(default_factory=list)
    together: list[float] = field(default_factory=list)
    differing: int = 0
    memory: int = 0


async def _read_in_pool(
    predictor: Predictor, pictures: Sequence[bytes], expected: Sequence[dict[str, Any]]
) -> _PoolMeasured:
    single, several = PicturePool(workers_per_client=1), PicturePool()
    measured = _PoolMeasured(several.workers_per_client)

    async def ask(pool: PicturePool, numbers: Iterator[int]) -> int:
        different = 0
        for number in numbers:
            ink = await pool.ink(pictures[number % len(pictures)], "benchmark")
            reading = await anyio.to_thread.run_sync(predictor.read, ink)
            different += reading.to_json() != expected[number % len(pictures)]
        return different

    for turn in range(PROCESS_ROUNDS + 1):
        for pool, rates in ((single, measured.alone), (several, measured.together)):
            numbers = iter(range(PICTURES))
            began = perf_counter()
            different = await asyncio.gather(*[ask(pool, numbers) for _ in range(ASKING)])
            if turn:  # in the first one the workers start
                rates.append(PICTURES / (perf_counter() - began))
                measured.differing += sum(different)
    measured.memory = max(child.memory_full_info().uss for child in psutil.Process().children())
    return measured


def drawn_canvases() -> list[np.ndarray]:
    """Drawings as the canvas sends them, uint8 (280, 280, 4): pen strokes of real people."""
    generator = np.random.default_rng(SEED)
    inks = [replay(digit, generator) for digit in available_pen_digits()[:CANVASES]]
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
