"""Fine-tuning of a network's last layer to a person's handwriting, without TensorFlow.

Training on the taught digits alone would ruin the network: it then reads only 71.6% of MNIST's test set correctly. So
each step also rehearses MNIST's training images, whose targets are the network's own predictions before the fine-tuning
(rehearsal, Robins, 1995; distillation, Hinton et al., 2015).

Only the last layer is trained. Training the whole network on 100 digits from each of writers 1 to 20 let `fast` read
102 of 113 misread digits correctly rather than 99, at the cost of another 0.03 points on MNIST and many times the
training time. For ten writers together, it gained more (57 rather than 50 of 67), but accuracy on MNIST fell by more
than MAX_ACCURACY_LOSS; a weight that stayed within this limit gained two digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.classifier.bundle import Bundle
from core.classifier.network import MAX_FEATURES, Network
from core.data.datasets import CLASSES, Split
from core.explain.keras_reader import load_network
from core.explain.layers import Dense
from core.handwriting.pen_digits import PenDigit
from core.handwriting.variation import draw_variations
from core.ink.drawing import Pixels

REHEARSED_IMAGES = 4000
"""Number of rehearsed training images; with 2,000, fine-tuning broke two digits of writers 1 to 20 rather than one."""

MAX_ACCURACY_LOSS = 0.001
"""Largest accepted drop in accuracy on the validation split, 0..1."""

VARIATIONS = 8
"""Number of variations of each taught digit, drawn from its strokes."""

MAX_VARIATIONS = 4000
"""Maximum number of variations of all taught digits together; drawing one takes 2 ms."""

_WEIGHTS = (0.05, 0.02, 0.01, 0.005)
"""Weights of a person's digits relative to the rehearsal, largest first.

On writers 1 to 20, who had taught 50 digits each, 0.05 let `fast` read 99 of 113 misread digits correctly and 1 of
2,386 others wrongly; 0.02 gave 96 and none. With 0.2, the accuracy on MNIST fell by 0.1 points or more.
"""

_STEPS = 300
"""Number of steps; twice as many changed nothing."""
_BATCH = 256
_LEARNING_RATE = 0.01
"""Learning rate of the first step; it decays linearly to 0."""
_FIRST_MOMENT, _SECOND_MOMENT, _EPSILON = 0.9, 0.999, 1e-8
"""Adam's constants (Kingma and Ba, 2015)."""


@dataclass(frozen=True)
class LastLayer:
    """The weights of a network's last layer: `kernel` float32 (inputs, 10) and `bias` float32 (10,)."""

    kernel: np.ndarray
    bias: np.ndarray

    def probabilities(self, inputs: np.ndarray) -> np.ndarray:
        """Return uncalibrated probabilities float32 (n, 10) for the layer's inputs float32 (n, inputs)."""
        logits = inputs @ self.kernel + self.bias
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
        return probabilities

    def accuracy(self, inputs: np.ndarray, labels: np.ndarray) -> float:
        """Return the fraction of inputs whose most probable class is their label."""
        return float((self.probabilities(inputs).argmax(axis=1) == labels).mean())


@dataclass(frozen=True)
class Tuned:
    """A fine-tuned last layer, and the network's accuracy on the validation split before and after tuning, 0..1."""

    layer: LastLayer
    accuracy_before: float
    accuracy_after: float

    @property
    def acceptable(self) -> bool:
        """False if the accuracy on the validation split fell by more than MAX_ACCURACY_LOSS."""
        return keeps_accuracy(self.accuracy_before, self.accuracy_after)


def keeps_accuracy(before: float, after: float) -> bool:
    """Return True if an accuracy, 0..1, falls by at most MAX_ACCURACY_LOSS, apart from rounding."""
    return after >= before - MAX_ACCURACY_LOSS - 1e-9


class Rehearsal:
    """A network's last layer, with the images that it must not forget."""

    def __init__(self, bundle: Bundle, train: Split, validation: Split, seed: int) -> None:
        """Compute the last layer's inputs for some training images and all validation images.

        Raises BundleError if the bundle cannot be read.
        """
        network = load_network(bundle)
        last = network.layers[-2]
        assert isinstance(last, Dense)
        self.layer = LastLayer(last.kernel, last.bias)
        self._numpy = network
        self._litert = Network(bundle.tflite_file)
        chosen = np.random.default_rng(seed).permutation(len(train))[:REHEARSED_IMAGES]
        self._seed = seed
        self._inputs = self.last_inputs(train.images[chosen])
        self._targets = self.layer.probabilities(self._inputs)
        self._validation_inputs = self.last_inputs(validation.images)
        self._validation_labels = validation.labels

    def tune(self, images: Pixels, labels: np.ndarray) -> Tuned:
        """Fine-tune the last layer to images uint8 (n, 28, 28) with labels in 0..9.

        The images get the largest weight that keeps the accuracy on the validation split; if even the smallest does
        not, the result is not `acceptable`.
        """
        inputs, targets = self.last_inputs(images), np.eye(CLASSES, dtype=np.float32)[labels]
        before = self.layer.accuracy(self._validation_inputs, self._validation_labels)
        for weight in _WEIGHTS:
            layer = self._train(inputs, targets, weight)
            tuned = Tuned(layer, before, layer.accuracy(self._validation_inputs, self._validation_labels))
            if tuned.acceptable:
                break
        return tuned

    def last_inputs(self, images: Pixels) -> np.ndarray:
        """Return the inputs of the last layer, float32 (n, inputs), for images uint8 (n, 28, 28)."""
        size = len(self.layer.kernel)
        if size <= MAX_FEATURES:
            features = self._litert(images).features
            if features is not None:  # the file of an earlier version has none
                return features[:, :size]
        return self._numpy.hidden(images)

    def _train(self, inputs: np.ndarray, targets: np.ndarray, weight: float) -> LastLayer:
        rng = np.random.default_rng(self._seed)
        parameters = [self.layer.kernel.copy(), self.layer.bias.copy()]
        means = [np.zeros_like(each) for each in parameters]
        squares = [np.zeros_like(each) for each in parameters]
        for step in range(1, _STEPS + 1):
            layer = LastLayer(*parameters)
            own = rng.integers(len(inputs), size=_BATCH)
            rehearsed = rng.integers(len(self._inputs), size=_BATCH)
            gradients = [
                weight * first + (1 - weight) * second
                for first, second in zip(
                    _gradients(layer, inputs[own], targets[own]),
                    _gradients(layer, self._inputs[rehearsed], self._targets[rehearsed]),
                    strict=True,
                )
            ]
            rate = _LEARNING_RATE * (1 - step / _STEPS)
            for parameter, gradient, mean, square in zip(parameters, gradients, means, squares, strict=True):
                mean += (1 - _FIRST_MOMENT) * (gradient - mean)
                square += (1 - _SECOND_MOMENT) * (gradient**2 - square)
                scale = np.sqrt(square / (1 - _SECOND_MOMENT**step)) + _EPSILON
                parameter -= rate * mean / (1 - _FIRST_MOMENT**step) / scale
        return LastLayer(*parameters)


def with_variations(images: Pixels, digits: Sequence[PenDigit], seed: int) -> tuple[Pixels, np.ndarray]:
    """Return people's images uint8 (n, 28, 28) and variations of each digit's strokes, with their labels.

    `digits`: the strokes and labels of the images. Each digit gets VARIATIONS variations, or fewer if there are many.
    """
    variations_per_digit = max(1, min(VARIATIONS, MAX_VARIATIONS // len(digits)))
    repeated = [digit for digit in digits for _ in range(variations_per_digit)]
    variations = draw_variations(repeated, np.random.default_rng(seed))
    labels = np.array([digit.label for digit in [*digits, *repeated]], np.uint8)
    return np.concatenate([images, variations]), labels


def _gradients(layer: LastLayer, inputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of the mean cross-entropy with respect to kernel and bias."""
    errors = (layer.probabilities(inputs) - targets) / np.float32(len(inputs))
    return inputs.T @ errors, errors.sum(axis=0)
