"""A small network that trains within a second, while a person watches.

It is trained here, in NumPy, rather than by a worker: one hidden layer learns MNIST's digits in a few hundred steps on
one core, so that a whole class can train at the same time and see the curves at once. A worker would first spend
seconds loading TensorFlow, and the queue trains one run after another. The training is as real as a run's:
mini-batches, backpropagation, gradient descent, and held-out images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax

from core.config import AugmentationConfig
from core.data.augmentation import augment
from core.data.datasets import CLASSES, Split
from core.explain.blas import use_one_blas_thread

HIDDEN = 64
BATCH = 32
MAX_MEASURED = 1000
"""Maximum number of images on which an accuracy is measured during training."""

MAX_LOSS = 10.0
"""Upper limit of the plotted loss, in case training diverges; guessing has a loss of 2.3."""


@dataclass(frozen=True)
class Training:
    """The course of a training, measured at some of its `steps`.

    `losses`: mean cross-entropy on the training images, at most MAX_LOSS. `train` and `validation`: accuracies, 0..1.
    """

    steps: tuple[int, ...]
    losses: tuple[float, ...]
    train: tuple[float, ...]
    validation: tuple[float, ...]


def first_images(split: Split, count: int) -> Split:
    """Return the first images of a split, at most `count`."""
    return Split(split.images[:count], split.labels[:count])


def train(
    images: Split,
    validation: Split,
    *,
    learning_rate: float,
    steps: int,
    augmentation: AugmentationConfig | None = None,
    points: int = 25,
    seed: int = 0,
) -> Training:
    """Train a network with one hidden layer by gradient descent, and measure it before, during and after.

    `augmentation`: changes the images anew in every step. `points`: number of measurements after the first. `seed`:
    fixes the initial weights and the order of the images. If the weights overflow, they stop changing, and the last
    measurement is repeated.
    """
    use_one_blas_thread()  # 0.3 s instead of 10 s on two busy cores
    rng = np.random.default_rng(seed)
    weights = _initial_weights(rng)
    measured_at = sorted({round(part) for part in np.linspace(0, steps, points + 1)})
    seen, unseen = first_images(images, MAX_MEASURED), first_images(validation, MAX_MEASURED)
    rows = [_measure(weights, seen, unseen)]
    for step in range(1, steps + 1):
        chosen = rng.integers(0, len(images), BATCH)
        batch = images.images[chosen]
        if augmentation is not None:
            batch = augment(batch, augmentation, rng)
        updated = _descend(weights, batch, images.labels[chosen], learning_rate)
        if all(np.isfinite(array).all() for array in updated):
            weights = updated
        if step in measured_at:
            rows.append(_measure(weights, seen, unseen))
    losses, accuracies, unseen_accuracies = zip(*rows, strict=True)
    return Training(tuple(measured_at), losses, accuracies, unseen_accuracies)


_Weights = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _initial_weights(rng: np.random.Generator) -> _Weights:
    """Return random weights, scaled by He initialisation (He et al., 2015)."""
    pixels = 28 * 28
    return (
        (rng.standard_normal((pixels, HIDDEN)) * np.sqrt(2 / pixels)).astype(np.float32),
        np.zeros(HIDDEN, np.float32),
        (rng.standard_normal((HIDDEN, CLASSES)) * np.sqrt(2 / HIDDEN)).astype(np.float32),
        np.zeros(CLASSES, np.float32),
    )


def _inputs(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def _descend(weights: _Weights, images: np.ndarray, labels: np.ndarray, learning_rate: float) -> _Weights:
    """Return the weights after one step of gradient descent."""
    first, first_bias, second, second_bias = weights
    inputs = _inputs(images)
    with np.errstate(over="ignore", invalid="ignore"):
        hidden = np.maximum(inputs @ first + first_bias, 0)
        logit_gradient = np.exp(log_softmax(hidden @ second + second_bias, axis=1))
        logit_gradient[np.arange(len(labels)), labels] -= 1
        logit_gradient /= len(labels)
        hidden_gradient = (logit_gradient @ second.T) * (hidden > 0)
        gradients = (
            inputs.T @ hidden_gradient,
            hidden_gradient.sum(axis=0),
            hidden.T @ logit_gradient,
            logit_gradient.sum(axis=0),
        )
        first, first_bias, second, second_bias = (
            (weight - learning_rate * gradient).astype(np.float32)
            for weight, gradient in zip(weights, gradients, strict=True)
        )
    return first, first_bias, second, second_bias


def _measure(weights: _Weights, seen: Split, unseen: Split) -> tuple[float, float, float]:
    """Return the loss and the accuracy on training images, and the accuracy on validation images."""
    log_probabilities = _log_probabilities(weights, seen.images)
    loss = float(-log_probabilities[np.arange(len(seen)), seen.labels].mean())
    return (
        min(loss, MAX_LOSS) if np.isfinite(loss) else MAX_LOSS,
        float((log_probabilities.argmax(axis=1) == seen.labels).mean()),
        float((_log_probabilities(weights, unseen.images).argmax(axis=1) == unseen.labels).mean()),
    )


def _log_probabilities(weights: _Weights, images: np.ndarray) -> np.ndarray:
    first, first_bias, second, second_bias = weights
    with np.errstate(over="ignore", invalid="ignore"):
        hidden = np.maximum(_inputs(images) @ first + first_bias, 0)
        log_probabilities: np.ndarray = log_softmax(hidden @ second + second_bias, axis=1)
    return log_probabilities
