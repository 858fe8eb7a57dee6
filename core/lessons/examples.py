"""The images that the lessons show, chosen by a model's predictions."""

from __future__ import annotations

import numpy as np

from core.classifier.evaluation import Evaluation, mistakes


def clearest(predictions: Evaluation, digit: int) -> int | None:
    """Return the index of the image of a digit that the model is most sure about, or None if there is none."""
    indices = np.flatnonzero(predictions.labels == digit)
    return int(indices[predictions.probabilities[indices, digit].argmax()]) if len(indices) else None


def hardest(predictions: Evaluation, count: int, seed: int) -> np.ndarray:
    """Return the indices of the images with the lowest confidence, at most `count`, in random order.

    The labels play no part in the choice.
    """
    lowest = np.argsort(predictions.confidences, kind="stable")[:count]
    return np.random.default_rng(seed).permutation(lowest)


def bets(predictions: Evaluation, count: int, seed: int) -> np.ndarray:
    """Return the indices of images to bet on, at most `count`, in random order.

    Of 10 images, up to 4 are mistakes, 2 are right answers with low confidence, and the rest are other right answers,
    so that confidence hints at the mistakes but does not reveal them.
    """
    rng = np.random.default_rng(seed)
    wrong = rng.permutation(mistakes(predictions))[: 2 * count // 5]
    right = np.flatnonzero(predictions.predictions == predictions.labels)
    right = right[np.argsort(predictions.confidences[right], kind="stable")]
    least_sure, others = right[: 2 * count], rng.permutation(right[2 * count :])
    unsure = rng.permutation(least_sure)[: count // 5]
    return rng.permutation(np.concatenate([wrong, unsure, others])[:count])
