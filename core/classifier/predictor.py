"""Reading digits with a trained model: LiteRT, no TensorFlow, any number of threads."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Empty, LifoQueue
from typing import Literal

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from core.classifier.bundle import Bundle
from core.data.datasets import CLASSES, normalised
from core.data.drawing import Drawing, prepare
from core.errors import BundleError

BATCH = 256
"""Images that go through the interpreter at once when there are many."""

Verdict = Literal["digit", "blank"]


@dataclass(frozen=True)
class Reading:
    """What a model says of one drawing; without ink there is no digit and there are no probabilities."""

    verdict: Verdict
    digit: int | None
    probabilities: np.ndarray | None
    drawing: Drawing

    @property
    def confidence(self) -> float | None:
        """Probability of the digit, 0..1."""
        return None if self.probabilities is None else float(self.probabilities.max())


class Predictor:
    """One loaded model. Threads never wait for each other: each borrows an interpreter of its own."""

    def __init__(self, bundle: Bundle) -> None:
        """Load the bundle's LiteRT model; raises BundleError when it is missing or damaged."""
        self.bundle = bundle
        try:
            self._content = bundle.tflite_file.read_bytes()
            self._singles: LifoQueue[_Session] = LifoQueue()
            self._batches: LifoQueue[_Session] = LifoQueue()
            self._singles.put(_Session(self._content, 1, threads=1))
        except (OSError, ValueError, RuntimeError) as error:
            raise BundleError(
                f"The model in {bundle.folder} cannot be loaded. Choose another model, or train it again.",
                bundle.folder,
            ) from error

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """uint8 (n, 28, 28) -> float32 (n, 10), each row adding up to 1."""
        result = np.empty((len(images), CLASSES), np.float32)
        done = 0
        # One image alone must not wait for a batch; a large rest is cheaper padded to a whole batch.
        while len(images) - done >= BATCH // 8:
            part = images[done : done + BATCH]
            padded = np.zeros((BATCH, *images.shape[1:]), images.dtype)
            padded[: len(part)] = part
            with self._session(self._batches, BATCH, threads=os.cpu_count() or 1) as session:
                result[done : done + len(part)] = session(padded)[: len(part)]
            done += len(part)
        with self._session(self._singles, 1, threads=1) as session:
            for index in range(done, len(images)):
                result[index] = session(images[index : index + 1])[0]
        return result

    def read(self, ink: np.ndarray) -> Reading:
        """Read one drawing: uint8 ink (h, w), white (255) on black (0), any size and place."""
        drawing = prepare(ink)
        if drawing.image is None:
            return Reading("blank", None, None, drawing)
        probabilities = self.probabilities(drawing.image[np.newaxis])[0]
        return Reading("digit", int(probabilities.argmax()), probabilities, drawing)

    @contextlib.contextmanager
    def _session(self, pool: LifoQueue[_Session], batch: int, threads: int) -> Iterator[_Session]:
        try:
            session = pool.get_nowait()
        except Empty:
            session = _Session(self._content, batch, threads)
        try:
            yield session
        finally:
            pool.put(session)


class _Session:
    """An interpreter for batches of one size; not to be shared between threads while it runs."""

    def __init__(self, content: bytes, batch: int, threads: int) -> None:
        self._interpreter = Interpreter(model_content=content, num_threads=threads)
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._interpreter.resize_tensor_input(self._input, [batch, 28, 28, 1])
        self._interpreter.allocate_tensors()

    def __call__(self, images: np.ndarray) -> np.ndarray:
        self._interpreter.set_tensor(self._input, normalised(images))
        self._interpreter.invoke()
        result: np.ndarray = self._interpreter.get_tensor(self._output)
        return result
