"""The novelty detector: rejects out-of-distribution images, based on a network's outputs.

Its inputs are the network's features, its log probabilities and the image averaged over 7x7 tiles. It is trained on
digits and on synthetic out-of-distribution samples (outlier exposure, Hendrycks et al., 2019). benchmarks/novelty.py
compares it with distance and energy scores, which need no such samples.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from core.arrays import read_arrays
from core.classifier.network import NetworkOutput
from core.data.datasets import CLASSES
from core.errors import BundleError
from core.ink.drawing import IMAGE_SIZE
from core.language import Message

_TILES_PER_SIDE = 7
"""Number of tiles along each side of the image; a tile has 4x4 pixels."""

_TILE_PIXELS = IMAGE_SIZE // _TILES_PER_SIDE
_TILE_ROWS = np.eye(_TILES_PER_SIDE, dtype=np.float32).repeat(_TILE_PIXELS, axis=1)

_MIN_PROBABILITY = 1e-12
"""Smaller probabilities are clipped to this value, so that logarithms are finite."""

_MAX_WEIGHT = 1e6
"""Maximum absolute weight in a valid file. The limit keeps sums of products finite; fitted weights are far smaller."""

MAX_DEVIATIONS = 8.0
"""Inputs are clipped at this many standard deviations, because the detector was not trained on more extreme inputs."""


@dataclass(frozen=True)
class Detector:
    """A network with one hidden layer on standardised inputs; all arrays are float32.

    `mean`, `scale` (d,); `hidden_weights` (d, h), `hidden_bias` (h,); `weights` (h,), `bias` ().
    """

    mean: np.ndarray
    scale: np.ndarray
    hidden_weights: np.ndarray
    hidden_bias: np.ndarray
    weights: np.ndarray
    bias: np.ndarray

    def __call__(self, images: np.ndarray, outputs: NetworkOutput) -> np.ndarray:
        """Return the novelty scores float32 (n,) of uint8 images (n, 28, 28): above 0, an image is rejected."""
        inputs = np.clip((detector_inputs(images, outputs) - self.mean) / self.scale, -MAX_DEVIATIONS, MAX_DEVIATIONS)
        hidden = np.maximum(inputs @ self.hidden_weights + self.hidden_bias, 0)
        novelty: np.ndarray = hidden @ self.weights + self.bias
        return novelty

    def with_threshold(self, threshold: float) -> Detector:
        """Return the detector with all scores reduced by `threshold`, which makes 0 the rejection threshold."""
        return replace(self, bias=np.asarray(self.bias - threshold, np.float32))

    def save(self, path: Path) -> None:
        """Write the arrays as an .npz file."""
        with path.open("wb") as file:
            np.savez(file, **{field.name: getattr(self, field.name) for field in fields(self)})


def load_detector(path: Path, feature_count: int) -> Detector:
    """Read a detector for this number of features; raises BundleError if the file is missing or damaged."""
    try:
        arrays = read_arrays(path)
        detector = Detector(**{field.name: arrays[field.name] for field in fields(Detector)})
        _check(detector, feature_count + CLASSES + _TILES_PER_SIDE**2)
    except (OSError, KeyError, ValueError) as error:
        raise BundleError(
            Message(
                "The file {file} of the model in {folder} is missing or damaged. Choose another model, or "
                "train it again.",
                file=path.name,
                folder=path.parent,
            ),
            path.parent,
        ) from error
    return detector


def _check(detector: Detector, input_count: int) -> None:
    """Raise ValueError if the arrays have wrong types or shapes, or values whose sums may overflow."""
    hidden = detector.hidden_bias.size
    shapes = ((input_count,), (input_count,), (input_count, hidden), (hidden,), (hidden,), ())
    for (name, array), shape in zip(vars(detector).items(), shapes, strict=True):
        if array.dtype != np.float32 or array.shape != shape:
            raise ValueError(f"Expected {name} as float32 {shape}. Received: {array.dtype} {array.shape}.")
        # The features of a network that has diverged are huge; their deviations are clipped.
        limit = np.finfo(np.float32).max if name in ("mean", "scale") else _MAX_WEIGHT
        if not (np.abs(array) <= limit).all():
            raise ValueError(f"Expected numbers up to {limit:g} in {name}.")
    if not (detector.scale > 0).all():
        raise ValueError("Expected a positive scale.")


def detector_inputs(images: np.ndarray, outputs: NetworkOutput) -> np.ndarray:
    """Return the inputs of the detector, float32 (n, features + 10 + 49)."""
    assert outputs.features is not None
    # Two matrix products are several times as fast as averaging over two axes.
    tiles = _TILE_ROWS @ images.astype(np.float32) @ _TILE_ROWS.T / np.float32(255 * _TILE_PIXELS**2)
    logs = np.log(np.maximum(outputs.probabilities, _MIN_PROBABILITY))
    return np.concatenate([outputs.features, logs, tiles.reshape(len(images), _TILES_PER_SIDE**2)], axis=1)
