"""The images that the lessons show, chosen by a model's predictions."""

from __future__ import annotations

import numpy as np

from core.classifier.evaluation import Evaluation, mistakes


def clearest(predictions: Evaluation, digit: int) -> int | None:
    """Return the index of the image of a digit that the model is most sure about, or None if there is none."""
    found = np.flatnonzero(predictions.labels == digit)
    return int(found[predictions.probabilities[found, digit].argmax()]) if len(found) else None


def hardest(predictions: Evaluation, count: int, seed: int) -> np.ndarray:
    """Return the indices of the images with the lowest confidence, at most `count`, in random order.

    The labels play no part in the choice.
    """
    lowest = np.argsort(predictions.confidences, kind="stable")[:count]
    return np.random.default_rng(seed).permutation(lowest)


def bets(predictions: Evaluation, count: int, seed: int) -> np.ndarray:
    """Return the indices of images to bet on, in random order: mistakes for up to half of them, the rest right.

    The mistakes are those with the highest confidence, and the right answers those with the lowest, so that confidence
    alone does not tell them apart.
    """
    wrong = mistakes(predictions)[: count // 2]
    right = np.flatnonzero(predictions.predictions == predictions.labels)
    unsure = right[np.argsort(predictions.confidences[right], kind="stable")][: count - len(wrong)]
    return np.random.default_rng(seed).permutation(np.concatenate([wrong, unsure]))
