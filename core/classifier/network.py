"""Thread-safe LiteRT inference: turns images into probabilities and features, without TensorFlow."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, LifoQueue

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from core.classifier.evaluation import are_probabilities
from core.data.datasets import CLASSES, normalise
from core.environment import thread_count
from core.errors import BundleError
from core.language import Message
from core.storage import read_file

BATCH_SIZE = 256
"""Batch size of the interpreter, the fastest power of two from 32 to 2048 on two cores."""

MAX_FEATURES = 640
"""Maximum number of features from one layer; more would make predictions slow and the novelty detector large."""

_MIN_PADDED = BATCH_SIZE // 2
"""Minimum number of images that are padded to a full batch; fewer images are faster one by one."""


@dataclass(frozen=True)
class NetworkOutput:
    """The network's outputs for n images: softmax `probabilities` float32 (n, 10), and `features` float32 (n, d).

    Features are the last dense layer's input, downsampled if it has more than MAX_FEATURES values, and a downsampled
    early feature map. `features` is None for models exported by earlier versions.
    """

    probabilities: np.ndarray
    features: np.ndarray | None


def network_fingerprint(content: bytes) -> str:
    """Return the SHA-256 (hex) of a `.tflite` file.

    The fingerprint is checked before the file is loaded, because a single corrupt byte can make LiteRT try to allocate
    all available memory.
    """
    return hashlib.sha256(content).hexdigest()


class Network:
    """A loaded `.tflite` file. Threads don't wait for each other, because each takes an interpreter from a pool.

    `feature_count`: number of features per image, or None for models exported by earlier versions. `fingerprint`: see
    `network_fingerprint`.
    """

    def __init__(self, file: Path, fingerprint: str | None = None) -> None:
        """Load the file; raises BundleError if it is missing, damaged or does not match `fingerprint`."""
        self._folder = file.parent
        self._single_sessions: LifoQueue[_Session] = LifoQueue()
        self._batch_sessions: LifoQueue[_Session] = LifoQueue()
        with self._wrap_load_errors():
            self._content = read_file(file)
            self.fingerprint = network_fingerprint(self._content)
            if fingerprint not in (None, self.fingerprint):
                raise ValueError(f"Expected a file with the SHA-256 {fingerprint}.")
            first_session = _Session(self._content, 1, threads=1)
        self.feature_count = first_session.feature_count
        self._single_sessions.put(first_session)

    def __call__(self, images: np.ndarray) -> NetworkOutput:
        """Return the outputs for uint8 images (n, 28, 28).

        Raises BundleError if inference reveals that the file is damaged.
        """
        with self._wrap_load_errors():
            return self._predict(images)

    def _predict(self, images: np.ndarray) -> NetworkOutput:
        outputs: list[NetworkOutput] = []
        start = 0
        while len(images) - start >= _MIN_PADDED:
            batch = images[start : start + BATCH_SIZE]
            padded = np.zeros((BATCH_SIZE, *images.shape[1:]), images.dtype)
            padded[: len(batch)] = batch
            with self._session(self._batch_sessions, BATCH_SIZE, threads=thread_count()) as session:
                outputs.append(session(padded, len(batch)))
            start += len(batch)
        with self._session(self._single_sessions, 1, threads=1) as session:
            outputs.extend(session(images[index : index + 1], 1) for index in range(start, len(images)))
        if len(outputs) == 1:
            return outputs[0]
        return self._concatenate(outputs)

    def _concatenate(self, outputs: list[NetworkOutput]) -> NetworkOutput:
        """Concatenate outputs; without images, the arrays have no rows."""
        probabilities = [np.empty((0, CLASSES), np.float32), *(output.probabilities for output in outputs)]
        if self.feature_count is None:
            return NetworkOutput(np.concatenate(probabilities), None)
        features = [np.empty((0, self.feature_count), np.float32)]
        features += [output.features for output in outputs if output.features is not None]
        return NetworkOutput(np.concatenate(probabilities), np.concatenate(features))

    @contextlib.contextmanager
    def _wrap_load_errors(self) -> Iterator[None]:
        try:
            yield
        except (OSError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise BundleError(
                Message(
                    "The model in {folder} cannot be used: its .tflite file cannot be read or is damaged. "
                    "Choose another model, or train it again.",
                    folder=self._folder,
                ),
                self._folder,
            ) from error

    @contextlib.contextmanager
    def _session(self, pool: LifoQueue[_Session], batch_size: int, threads: int) -> Iterator[_Session]:
        try:
            session = pool.get_nowait()
        except Empty:
            session = _Session(self._content, batch_size, threads)
        try:
            yield session
        finally:
            pool.put(session)


class _Session:
    """An interpreter for batches of one size; only one thread may use it at a time."""

    def __init__(self, content: bytes, batch_size: int, threads: int) -> None:
        self._interpreter = Interpreter(model_content=content, num_threads=threads)
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._interpreter.resize_tensor_input(self._input, [batch_size, 28, 28, 1])
        self._interpreter.allocate_tensors()
        outputs = self._interpreter.get_signature_runner().get_output_details()
        features = outputs.get("features")
        # Models exported by earlier versions have a single output, the probabilities, named by the converter.
        probabilities = outputs["answers"] if features else outputs[min(outputs)]
        self._probabilities_index = probabilities["index"]
        self._features_index = features["index"] if features else None
        self.feature_count: int | None = int(features["shape"][-1]) if features else None

    def __call__(self, images: np.ndarray, count: int) -> NetworkOutput:
        """Return the outputs for the first `count` images of a batch; raises ValueError if they are invalid."""
        self._interpreter.set_tensor(self._input, normalise(images))
        self._interpreter.invoke()
        probabilities = self._interpreter.get_tensor(self._probabilities_index)[:count]
        if probabilities.shape != (count, CLASSES) or not are_probabilities(probabilities):
            raise ValueError(f"Expected {CLASSES} probabilities per image.")
        if self._features_index is None:
            return NetworkOutput(probabilities, None)
        features = self._interpreter.get_tensor(self._features_index)[:count]
        if features.shape != (count, self.feature_count) or not np.isfinite(features).all():
            raise ValueError(f"Expected {self.feature_count} features per image.")
        return NetworkOutput(probabilities, features)
