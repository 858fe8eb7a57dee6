"""The novelty detector: it rejects out-of-distribution samples by a network's outputs.

It sees the network's features, its log probabilities and the image in 7x7 tiles, and learned from digits and from
out-of-distribution samples drawn by code (outlier exposure, Hendrycks et al., 2019). benchmarks/novelty.py compares it
with distances and energies that need no such samples.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from core.arrays import read_arrays
from core.classifier.network import Answers
from core.data.datasets import CLASSES
from core.errors import BundleError
from core.ink.drawing import IMAGE_SIZE

_TILES = 7
"""Tiles along a side of the image: 4x4 pixels each."""

_TILE = IMAGE_SIZE // _TILES
_ROWS_OF_TILES = np.eye(_TILES, dtype=np.float32).repeat(_TILE, axis=1)

_MIN_PROBABILITY = 1e-12
"""Smallest probability that is told from zero, so that logarithms are finite."""

_LARGEST = 1e6
"""Largest weight that is accepted: sums of products stay finite, and fitted weights are far smaller."""

FARTHEST = 8.0
"""Standard deviations at which inputs are clipped: out-of-distribution samples lie where nothing was learned."""


@dataclass(frozen=True)
class Detector:
    """A network of one hidden layer on standardised inputs; all arrays are float32.

    `mean`, `scale` (d,); `hidden_weights` (d, h), `hidden_bias` (h,); `weights` (h,), `bias` ().
    """

    mean: np.ndarray
    scale: np.ndarray
    hidden_weights: np.ndarray
    hidden_bias: np.ndarray
    weights: np.ndarray
    bias: np.ndarray

    def __call__(self, images: np.ndarray, answers: Answers) -> np.ndarray:
        """Return the novelty score float32 (n,) of uint8 images (n, 28, 28): above 0, an image is rejected."""
        inputs = np.clip((detector_inputs(images, answers) - self.mean) / self.scale, -FARTHEST, FARTHEST)
        hidden = np.maximum(inputs @ self.hidden_weights + self.hidden_bias, 0)
        novelty: np.ndarray = hidden @ self.weights + self.bias
        return novelty

    def with_threshold(self, score: float) -> Detector:
        """Return the detector with scores shifted so that this one becomes 0, the rejection threshold."""
        return replace(self, bias=np.asarray(self.bias - score, np.float32))

    def save(self, path: Path) -> None:
        """Write the arrays as an .npz."""
        with path.open("wb") as file:
            np.savez(file, **{field.name: getattr(self, field.name) for field in fields(self)})


def load_detector(path: Path, features: int) -> Detector:
    """Read the file of a detector for a network with this number of features; raises BundleError if damaged."""
    try:
        arrays = read_arrays(path)
        detector = Detector(**{field.name: arrays[field.name] for field in fields(Detector)})
        _check(detector, features + CLASSES + _TILES**2)
    except (OSError, KeyError, ValueError) as error:
        raise BundleError(
            f"The model in {path.parent} has no readable {path.name}. Choose another model, or train it again.",
            path.parent,
        ) from error
    return detector


def _check(detector: Detector, inputs: int) -> None:
    """Raise ValueError if the arrays have other shapes, or values whose sums may overflow."""
    hidden = detector.hidden_bias.size
    shapes = ((inputs,), (inputs,), (inputs, hidden), (hidden,), (hidden,), ())
    for (name, array), shape in zip(vars(detector).items(), shapes, strict=True):
        if array.dtype != np.float32 or array.shape != shape:
            raise ValueError(f"Expected {name} as float32 {shape}. Received: {array.dtype} {array.shape}.")
        if not (np.abs(array) <= _LARGEST).all():
            raise ValueError(f"Expected numbers up to {_LARGEST:g} in {name}.")
    if not (detector.scale > 0).all():
        raise ValueError("Expected a scale above 0.")


def detector_inputs(images: np.ndarray, answers: Answers) -> np.ndarray:
    """Return the inputs of the detector, float32 (n, features + 10 + 49)."""
    assert answers.features is not None
    # Two matrix products are several times as fast as a mean over two axes.
    tiles = _ROWS_OF_TILES @ images.astype(np.float32) @ _ROWS_OF_TILES.T / np.float32(255 * _TILE**2)
    logs = np.log(np.maximum(answers.probabilities, _MIN_PROBABILITY))
    return np.concatenate([answers.features, logs, tiles.reshape(len(images), -1)], axis=1)
