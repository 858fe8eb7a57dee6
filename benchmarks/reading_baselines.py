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
from benchmarks.child import measured
from benchmarks.pen_digits import measuring_digits
from benchmarks.report import Figure
from benchmarks.scenes import encoded
from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor
from core.ink.drawing import ink_from_canvas
from core.ink.photo import ink_from_picture
from core.workspace import SHIPPED_BUNDLE
from dashboard.server.pictures import PicturePool

SEED = reading.SEED
CANVASES = 50
"""Different drawings, read in turn."""
ROUNDS = 20
"""Rounds in which every method is timed, so that all meet the same load of the machine."""
CALLS_PER_ROUND = 10
THREADS = 8
"""Concurrent threads, more than the two cores of the machine in RESULTS.md."""
DRAWINGS = 2000
"""Drawings per round of threads; about 2 s."""
THREAD_ROUNDS = 3
CLIENTS = 8
"""Concurrent clients of the process pool, enough to keep all its workers busy."""
PICTURES = 800
"""Pictures per round of the process pool; 1 to 2 s."""
POOL_ROUNDS = 3

TRAZO = "Trazo, from canvas to answer"
PREDICT = "`model.predict` on a prepared image"
CALL = "`model(x)` on a prepared image"
COMPILED = "`tf.function` of the model on a prepared image"


def side_by_side() -> list[Figure]:
    """Measure median latencies and the speedups over Keras, of threads and of worker processes.

    Returns nothing without pen digits: other drawings would give other figures.
    """
    if not measuring_digits():
        return []
    latencies: dict[str, float] = measured("benchmarks.reading_baselines")
    figures = [Figure(f"{name}, median", latency, "ms") for name, latency in latencies.items()]
    figures += [
        Figure(f"Speedup over {name}", latency / latencies[TRAZO], "×")
        for name, latency in latencies.items()
        if name != TRAZO
    ]
    return [*figures, *thread_figures(), *pool_figures()]


def thread_figures() -> list[Figure]:
    """Measure the throughput of one thread and of eight, and compare their answers."""
    predictor, canvases = Predictor(Bundle(SHIPPED_BUNDLE)), reading.canvas_drawings(CANVASES)

    def read(index: int) -> bytes:
        probabilities = predictor.read(ink_from_canvas(canvases[index % len(canvases)])).probabilities
        return b"" if probabilities is None else probabilities.tobytes()

    rates: dict[int, list[float]] = {1: [], THREADS: []}
    answers: dict[int, list[bytes]] = {}
    for _ in range(THREAD_ROUNDS):
        for threads, measurements in rates.items():
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(read, range(10 * threads)))
                start = perf_counter()
                answers[threads] = list(pool.map(read, range(DRAWINGS)))
                measurements.append(DRAWINGS / (perf_counter() - start))
    differing = sum(one != many for one, many in zip(answers[1], answers[THREADS], strict=True))
    single, several = median(rates[1]), median(rates[THREADS])
    return [
        Figure("Throughput with 1 thread", single, "drawings/s"),
        Figure(f"Throughput with {THREADS} threads", several, "drawings/s"),
        Figure(f"Speedup of {THREADS} threads over 1", several / single, "×"),
        Figure(f"Answers that differ between 1 and {THREADS} threads, of {DRAWINGS:,}", differing, ""),
    ]


def pool_figures() -> list[Figure]:
    """Measure the throughput of the process pool with one worker and with all, for eight concurrent clients."""
    predictor = Predictor(Bundle(SHIPPED_BUNDLE))
    pictures = [encoded(ink_from_canvas(canvas)) for canvas in reading.canvas_drawings(CANVASES)]
    expected = [predictor.read(ink_from_picture(picture)).to_json() for picture in pictures]
    pool = uvloop.run(_measure_pool(predictor, pictures, expected))
    single, several = median(pool.single), median(pool.several)
    return [
        Figure("Throughput of pictures with 1 worker process", single, "pictures/s"),
        Figure(f"Throughput of pictures with {pool.workers} worker processes", several, "pictures/s"),
        Figure(
            f"Speedup of {pool.workers} worker processes over 1, {CLIENTS} concurrent clients", several / single, "×"
        ),
        Figure("Answers that differ between worker processes and a thread", pool.differing, ""),
        Figure("Memory of one worker process that no other process shares", pool.memory / 1e6, "MB"),
    ]


@dataclass
class _PoolMeasurement:
    """Pictures per second with one worker and with `workers`, differing answers, and bytes of the largest worker."""

    workers: int
    single: list[float] = field(default_factory=list)
    several: list[float] = field(default_factory=list)
    differing: int = 0
    memory: int = 0


async def _measure_pool(
    predictor: Predictor, pictures: Sequence[bytes], expected: Sequence[dict[str, Any]]
) -> _PoolMeasurement:
    single, several = PicturePool(workers_per_client=1), PicturePool()
    measurement = _PoolMeasurement(several.workers_per_client)

    async def read(pool: PicturePool, numbers: Iterator[int]) -> int:
        different = 0
        for number in numbers:
            ink = await pool.ink(pictures[number % len(pictures)], "benchmark")
            answer = await anyio.to_thread.run_sync(predictor.read, ink)
            different += answer.to_json() != expected[number % len(pictures)]
        return different

    for turn in range(POOL_ROUNDS + 1):
        for pool, rates in ((single, measurement.single), (several, measurement.several)):
            numbers = iter(range(PICTURES))
            start = perf_counter()
            different = await asyncio.gather(*[read(pool, numbers) for _ in range(CLIENTS)])
            if turn:  # the workers start in the first round
                rates.append(PICTURES / (perf_counter() - start))
                measurement.differing += sum(different)
    measurement.memory = max(child.memory_full_info().uss for child in psutil.Process().children())
    return measurement


def median_latencies() -> dict[str, float]:
    """Return the median latency of each method in milliseconds, measured in turns under the same conditions.

    Keras gets a float image of 28x28, so its figures exclude the preparation of the canvas.
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
