"""Counterfactuals: small additions and removals of ink that make the network see another digit.

The change consists of soft dots as wide as a stroke, so that it looks like strokes rather than like the noise of
adversarial examples. Each step draws or erases the dot with the largest gain in the digit's log odds per unit of
ink (greedy forward selection). The novelty detector still rejects most results, because the smallest change that
is enough makes an unusual digit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.explain.numpy_network import NumpyNetwork
from core.explain.target import target_gradient, target_values
from core.ink.drawing import IMAGE_SIZE

CONFIDENCE = 0.93
"""Probability of the chosen digit at which the search ends; in LiteRT, it is then nearly always above 0.9."""

MAX_CHANGE = 0.6
"""Largest sum of added and removed ink, as a fraction of the drawing's ink, that counts as a small change."""

_MAX_DOTS = 60
_CANDIDATES = 12  # dots per step whose true effect is computed; the gradient that ranks them is only accurate locally
_SIGMA = 0.8  # pixels; a dot is then about as wide as a stroke
_STRENGTH = 0.5  # fraction of full ink at a dot's centre; two dots in one place make a full stroke
_FIXED_COST = 0.3  # pixels of full ink per dot; otherwise the search would prefer many tiny changes at stroke edges
_FULL = np.float32(255)


@dataclass(frozen=True)
class Counterfactual:
    """The steps that turn a drawing into another digit, one dot per step; step 0 is the original drawing.

    `images`: uint8 (steps, 28, 28). `probabilities`: calibrated, float32 (steps, 10).
    """

    digit: int
    images: np.ndarray
    probabilities: np.ndarray

    @property
    def added(self) -> np.ndarray:
        """Ink that is in the last image but not in the drawing, uint8 (28, 28)."""
        return self._extra_ink(self.images[-1], self.images[0])

    @property
    def removed(self) -> np.ndarray:
        """Ink that is in the drawing but not in the last image, uint8 (28, 28)."""
        return self._extra_ink(self.images[0], self.images[-1])

    @property
    def change(self) -> float:
        """Added and removed ink, as a fraction of the drawing's ink."""
        changed_ink = self.added.sum(dtype=np.int64) + self.removed.sum(dtype=np.int64)
        return float(changed_ink / self.images[0].sum(dtype=np.int64))

    def _extra_ink(self, image: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.where(image > other, image - other, np.uint8(0))


def change_into(network: NumpyNetwork, image: np.ndarray, digit: int) -> Counterfactual | None:
    """Return a small change after which `digit` has a probability of at least CONFIDENCE, or None if none is found.

    `image`: uint8 (28, 28) with ink. If no change is needed, the result has only step 0.
    """
    ink = image.sum(dtype=np.int64)
    changes: list[np.ndarray] = []
    while network.probabilities(_apply(image, changes)[-1:])[0, digit] < CONFIDENCE:
        current = _apply(image, changes)[-1]
        dot = _best_dot(network, current, digit)
        if dot is None or len(changes) == _MAX_DOTS:
            return None
        changes.append(dot)
        changed_ink = np.abs(_apply(image, changes)[-1].astype(np.int64) - image)
        if changed_ink.sum() > MAX_CHANGE * ink:
            return None
    images = _apply(image, _prune(network, image, changes, digit))
    return Counterfactual(digit, images, network.probabilities(images))


def _best_dot(network: NumpyNetwork, image: np.ndarray, digit: int) -> np.ndarray | None:
    """Return the dot with the largest gain per unit of ink, float32 (28, 28) of signed ink, or None if no dot helps."""
    pixels = image.astype(np.float32) / _FULL
    activations = network.activations(image[np.newaxis])
    before = target_values(activations[-2], digit, "log_odds", network.temperature)[0]
    gradient = target_gradient(activations[-2], digit, "log_odds", network.temperature)
    slope = network.backward(image[np.newaxis], activations, gradient)[0].ravel()
    dots = np.concatenate([np.minimum(_DOTS, 1 - pixels.ravel()), -np.minimum(_DOTS, pixels.ravel())])
    costs = np.abs(dots).sum(axis=1) + np.float32(_FIXED_COST)
    candidate_indices = np.argsort(-(dots @ slope) / costs)[:_CANDIDATES]
    candidates = pixels + dots[candidate_indices].reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    after = target_values(network.logits(candidates), digit, "log_odds", network.temperature)
    gains = (after - before) / costs[candidate_indices]
    best = int(gains.argmax())
    return dots[candidate_indices[best]].reshape(IMAGE_SIZE, IMAGE_SIZE) if gains[best] > 0 else None


def _prune(network: NumpyNetwork, image: np.ndarray, changes: list[np.ndarray], digit: int) -> list[np.ndarray]:
    """Leave out dots that later ones made unnecessary; try the earliest first."""
    remaining = list(changes)
    for change in changes:
        others = [other for other in remaining if other is not change]
        if network.probabilities(_apply(image, others)[-1:])[0, digit] >= CONFIDENCE:
            remaining = others
    return remaining


def _apply(image: np.ndarray, changes: list[np.ndarray]) -> np.ndarray:
    """Return the image, then the image after each change, uint8 (changes + 1, 28, 28)."""
    steps = [image]
    for change in changes:
        steps.append(np.clip(np.rint(steps[-1] + change * _FULL), 0, 255).astype(np.uint8))
    return np.stack(steps)


def _all_dots() -> np.ndarray:
    """Return a dot at each pixel, float32 (784, 784): one row per dot."""
    distances = np.arange(IMAGE_SIZE)[:, np.newaxis] - np.arange(IMAGE_SIZE)
    profiles = np.exp(-((distances / _SIGMA) ** 2) / 2).astype(np.float32)
    return np.kron(profiles, profiles) * np.float32(_STRENGTH)


_DOTS = _all_dots()
