"""Small changes to all pixels that make a network give another answer (Goodfellow et al., 2015)."""

from __future__ import annotations

import numpy as np

from core.explain.numpy_network import NumpyNetwork
from core.ink.drawing import Pixels

STEP = 4
"""Change in each pixel per step, out of 255."""

STEPS = 25
"""After all steps, pixels have changed by up to 100 out of 255, which is easy to see."""


def fooling_path(network: NumpyNetwork, image: Pixels) -> np.ndarray:
    """Return an image (28, 28) followed by increasingly changed versions of it, uint8 (STEPS + 1, 28, 28).

    After k steps, no pixel differs by more than k * STEP. In each step, every pixel becomes brighter or darker,
    whichever makes the network doubt its first answer more.
    """
    digit = int(network.probabilities(image[np.newaxis])[0].argmax())
    original = image.astype(np.int64)
    path = [original]
    for step in range(1, STEPS + 1):
        slope = network.gradient(path[-1].astype(np.uint8)[np.newaxis], digit, "log_odds")[0]
        next_image = path[-1] - STEP * np.sign(slope).astype(np.int64)
        path.append(np.clip(np.clip(next_image, original - step * STEP, original + step * STEP), 0, 255))
    return np.stack(path).astype(np.uint8)


def first_different_answer(answers: np.ndarray) -> int | None:
    """Return the position of the first of the answers (n,) that differs from the initial one, or None."""
    others = np.flatnonzero(answers != answers[0])
    return int(others[0]) if len(others) else None
