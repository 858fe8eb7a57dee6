"""A network in LiteRT: from images to probabilities and features, without TensorFlow, on any number of threads."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, LifoQueue

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from core.classifier.evaluation import are_probabilities
from core.data.datasets import CLASSES, normalised
from core.errors import BundleError
from core.storage import read_file

BATCH = 256
"""Images in a batch of the interpreter."""


@dataclass(frozen=True)
class Answers:
    """The network's outputs for n images: softmax `probabilities` float32 (n, 10), and `features` float32 (n, d).

    Features are the last dense layer's input and a coarse early map; models of earlier versions have none.
    """

    probabilities: np.ndarray
    features: np.ndarray | None


def network_fingerprint(content: bytes) -> str:
    """Return the SHA-256 (hex) of a `.tflite` file: one wrong byte may make LiteRT ask for all memory."""
    return hashlib.sha256(content).hexdigest()


class Network:
    """A loaded `.tflite` file. Threads don't wait for each other: each borrows its own interpreter.

    `features`: number of features of an image; None for a model of an earlier version.
    """

    def __init__(self, file: Path, fingerprint: str | None = None) -> None:
        """Load the file; raises BundleError if it is missing or damaged, or has another `fingerprint`."""
        self._folder = file.parent
        self._singles: LifoQueue[_Session] = LifoQueue()
        self._batches: LifoQueue[_Session] = LifoQueue()
        with self._damage_as_sentence():
            self._content = read_file(file)
            if fingerprint not in (None, network_fingerprint(self._content)):
                raise ValueError(f"Expected a file with the SHA-256 {fingerprint}.")
            first = _Session(self._content, 1, threads=1)
        self.features = first.features
        self._singles.put(first)

    def __call__(self, images: np.ndarray) -> Answers:
        """Return answers on uint8 images (n, 28, 28); raises BundleError if a damaged file fails only now."""
        with self._damage_as_sentence():
            return self._answers(images)

    def _answers(self, images: np.ndarray) -> Answers:
        parts: list[Answers] = []
        done = 0
        # A single image must not wait for a batch; a large rest is cheaper when padded to a batch.
        while len(images) - done >= BATCH // 8:
            part = images[done : done + BATCH]
            padded = np.zeros((BATCH, *images.shape[1:]), images.dtype)
            padded[: len(part)] = part
            with self._session(self._batches, BATCH, threads=os.cpu_count() or 1) as session:
                parts.append(session(padded, len(part)))
            done += len(part)
        with self._session(self._singles, 1, threads=1) as session:
            parts.extend(session(images[index : index + 1], 1) for index in range(done, len(images)))
        if len(parts) == 1:
            return parts[0]
        return self._joined(parts)

    def _joined(self, parts: list[Answers]) -> Answers:
        """Join the answers; without images, the arrays have no rows."""
        probabilities = [np.empty((0, CLASSES), np.float32), *(part.probabilities for part in parts)]
        if self.features is None:
            return Answers(np.concatenate(probabilities), None)
        features = [np.empty((0, self.features), np.float32)]
        features += [part.features for part in parts if part.features is not None]
        return Answers(np.concatenate(probabilities), np.concatenate(features))

    @contextlib.contextmanager
    def _damage_as_sentence(self) -> Iterator[None]:
        try:
            yield
        except (OSError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise BundleError(
                f"The model in {self._folder} cannot be loaded. Choose another model, or train it again.", self._folder
            ) from error

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
    """An interpreter for batches of one size; only one thread may use it at a time."""

    def __init__(self, content: bytes, batch: int, threads: int) -> None:
        self._interpreter = Interpreter(model_content=content, num_threads=threads)
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._interpreter.resize_tensor_input(self._input, [batch, 28, 28, 1])
        self._interpreter.allocate_tensors()
        outputs = self._interpreter.get_signature_runner().get_output_details()
        features = outputs.get("features")
        # Models of earlier versions have only the probabilities, under a name of the converter.
        answers = outputs["answers"] if features else outputs[min(outputs)]
        self._answers_index = answers["index"]
        self._features_index = features["index"] if features else None
        self.features: int | None = int(features["shape"][-1]) if features else None

    def __call__(self, images: np.ndarray, count: int) -> Answers:
        """Return answers on the first `count` images of a batch; raises ValueError if the outputs are not answers."""
        self._interpreter.set_tensor(self._input, normalised(images))
        self._interpreter.invoke()
        probabilities = self._interpreter.get_tensor(self._answers_index)[:count]
        if probabilities.shape != (count, CLASSES) or not are_probabilities(probabilities):
            raise ValueError(f"Expected {CLASSES} probabilities of each image.")
        if self._features_index is None:
            return Answers(probabilities, None)
        features = self._interpreter.get_tensor(self._features_index)[:count]
        if features.shape != (count, self.features) or not np.isfinite(features).all():
            raise ValueError(f"Expected {self.features} features of each image.")
        return Answers(probabilities, features)
