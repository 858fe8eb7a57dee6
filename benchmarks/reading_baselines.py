"""Prediction speed compared with three ways to call Keras, and the gain from threads and from worker processes."""

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

from benchmarks import reading
from benchmarks.child import measure_in_child
from benchmarks.pen_digits import held_out_digits
from benchmarks.report import Figure
from benchmarks.scenes import encoded
from core.classifier.bundle import Bundle
from core.classifier.number_reader import read_digit
from core.classifier.predictor import Predictor
from core.ink.drawing import ink_from_canvas
from core.ink.photo import ink_from_picture
from core.workspace import SHIPPED_BUNDLE
from dashboard.server.pictures import PicturePool

SEED = reading.SEED
CANVASES = 50
"""Number of different drawings, predicted in turn."""
ROUNDS = 20
"""Number of rounds in which every method is timed, so that all are affected equally by other load on the machine."""
CALLS_PER_ROUND = 10
THREADS = 8
"""Concurrent threads, more than the two cores of the machine in RESULTS.md."""
DRAWINGS = 2000
"""Number of drawings per round of threads, which takes about 2 s."""
THREAD_ROUNDS = 3
CLIENTS = 8
"""Concurrent clients of the process pool, enough to keep all its workers busy."""
PICTURES = 800
"""Number of pictures per round of the process pool, which takes 1 to 2 s."""
POOL_ROUNDS = 3

TRAZO = "Trazo, from canvas to prediction"
PREDICT = "`model.predict` on a prepared image"
CALL = "`model(x)` on a prepared image"
COMPILED = "`tf.function` of the model on a prepared image"


def side_by_side() -> list[Figure]:
    """Measure median latencies, and the speedups over Keras and from threads and worker processes.

    Returns nothing without pen digits, because other drawings would give different figures.
    """
    if not held_out_digits():
        return []
    latencies: dict[str, float] = measure_in_child("benchmarks.reading_baselines")
    figures = [Figure(f"{name}, median", latency, "ms") for name, latency in latencies.items()]
    figures += [
        Figure(f"Speedup over {name}", latency / latencies[TRAZO], "×")
        for name, latency in latencies.items()
        if name != TRAZO
    ]
    return [*figures, *thread_figures(), *pool_figures()]


def thread_figures() -> list[Figure]:
    """Measure the throughput of one thread and of eight, and compare their predictions."""
    predictor, canvases = Predictor(Bundle(SHIPPED_BUNDLE)), reading.canvas_drawings(CANVASES)

    def read(index: int) -> bytes:
        probabilities = predictor.read(ink_from_canvas(canvases[index % len(canvases)])).probabilities
        return b"" if probabilities is None else probabilities.tobytes()

    rates: dict[int, list[float]] = {1: [], THREADS: []}
    predictions: dict[int, list[bytes]] = {}
    for _ in range(THREAD_ROUNDS):
        for threads, measurements in rates.items():
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(read, range(10 * threads)))
                start = perf_counter()
                predictions[threads] = list(pool.map(read, range(DRAWINGS)))
                measurements.append(DRAWINGS / (perf_counter() - start))
    pairs = zip(predictions[1], predictions[THREADS], strict=True)
    difference_count = sum(first != second for first, second in pairs)
    single, several = median(rates[1]), median(rates[THREADS])
    return [
        Figure("Throughput with 1 thread", single, "drawings/s"),
        Figure(f"Throughput with {THREADS} threads", several, "drawings/s"),
        Figure(f"Speedup of {THREADS} threads over 1", several / single, "×"),
        Figure(f"Predictions that differ between 1 and {THREADS} threads, of {DRAWINGS:,}", difference_count, ""),
    ]


def pool_figures() -> list[Figure]:
    """Measure the throughput of the process pool with one worker and with all, for eight concurrent clients."""
    predictor = Predictor(Bundle(SHIPPED_BUNDLE))
    pictures = [encoded(ink_from_canvas(canvas)) for canvas in reading.canvas_drawings(CANVASES)]
    expected = [read_digit(predictor, ink_from_picture(picture)).to_json() for picture in pictures]
    pool = uvloop.run(_measure_pool(predictor, pictures, expected))
    single, several = median(pool.single), median(pool.several)
    return [
        Figure("Throughput of pictures with 1 worker process", single, "pictures/s"),
        Figure(f"Throughput of pictures with {pool.workers} worker processes", several, "pictures/s"),
        Figure(
            f"Speedup of {pool.workers} worker processes over 1, {CLIENTS} concurrent clients", several / single, "×"
        ),
        Figure("Predictions that differ between worker processes and a thread", pool.difference_count, ""),
        Figure("Unshared memory of one worker process", pool.memory / 1e6, "MB"),
    ]


@dataclass
class _PoolMeasurement:
    """Pictures per second with one worker and with `workers`, and the number of predictions that differ.

    `memory`: unshared memory of the largest worker, in bytes.
    """

    workers: int
    single: list[float] = field(default_factory=list)
    several: list[float] = field(default_factory=list)
    difference_count: int = 0
    memory: int = 0


async def _measure_pool(
    predictor: Predictor, pictures: Sequence[bytes], expected: Sequence[dict[str, Any]]
) -> _PoolMeasurement:
    single, several = PicturePool(workers_per_client=1), PicturePool()
    measurement = _PoolMeasurement(several.workers_per_client)

    async def read(pool: PicturePool, numbers: Iterator[int]) -> int:
        difference_count = 0
        for number in numbers:
            ink = await pool.ink(pictures[number % len(pictures)], "benchmark")
            reading = await anyio.to_thread.run_sync(read_digit, predictor, ink)
            difference_count += reading.to_json() != expected[number % len(pictures)]
        return difference_count

    for turn in range(POOL_ROUNDS + 1):
        for pool, rates in ((single, measurement.single), (several, measurement.several)):
            numbers = iter(range(PICTURES))
            start = perf_counter()
            difference_counts = await asyncio.gather(*[read(pool, numbers) for _ in range(CLIENTS)])
            if turn:  # the workers start in the first round
                rates.append(PICTURES / (perf_counter() - start))
                measurement.difference_count += sum(difference_counts)
    measurement.memory = max(child.memory_full_info().uss for child in psutil.Process().children())
    return measurement


def median_latencies() -> dict[str, float]:
    """Return the median latency of each method in milliseconds, measured alternately under the same conditions.

    Keras gets a 28x28 float image, so its figures exclude preparing the drawing.
    """
    latencies: dict[str, list[float]] = {}
    methods = _methods()
    for turn in range(ROUNDS + 1):
        for name, method in methods.items():
            for index in range(CALLS_PER_ROUND):
                start = perf_counter()
                method(turn * CALLS_PER_ROUND + index)
                if turn:  # the first round warms up
                    latencies.setdefault(name, []).append((perf_counter() - start) * 1000)
    return {name: median(values) for name, values in latencies.items()}


def _methods() -> dict[str, Callable[[int], object]]:
    import keras
    import tensorflow as tf

    bundle = Bundle(SHIPPED_BUNDLE)
    predictor, canvases = Predictor(bundle), reading.canvas_drawings(CANVASES)
    model = keras.models.load_model(bundle.keras_file)
    compiled = tf.function(lambda image: model(image, training=False))
    image = np.random.default_rng(SEED).random((1, 28, 28, 1), np.float32)
    tensor = tf.constant(image)
    return {
        TRAZO: lambda index: predictor.read(ink_from_canvas(canvases[index % len(canvases)])),
        PREDICT: lambda _: model.predict(image, verbose=0),
        CALL: lambda _: np.asarray(model(tensor, training=False)),
        COMPILED: lambda _: compiled(tensor).numpy(),
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(median_latencies()))
