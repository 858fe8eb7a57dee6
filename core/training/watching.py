"""The validation images whose predictions a run publishes during training."""

from __future__ import annotations

import numpy as np

from core.data.datasets import Split
from core.runs.own_drawing import OwnDrawing
from core.runs.run import Run
from core.runs.watched import Prediction, Watched, WatchedImage, write_watched

_COMPARED_IMAGES = 3_000
"""Number of training images to compare each image with: enough to tell hard images from easy ones, in 0.1 s."""

_HARDEST_IMAGES = 4
"""Number of each digit's hardest images; the hard image to watch is chosen from them."""


def choose_watched(train: Split, validation: Split, count: int, seed: int) -> np.ndarray:
    """Return the indices, int64 (n,), of two images of each digit among the first `count` validation images.

    The easy images of all digits come first, then the hard ones. Digits that do not occur are left out.
    """
    rng = np.random.default_rng(seed)
    labels = validation.labels[:count]
    compared_indices = rng.permutation(len(train))[:_COMPARED_IMAGES]
    hardness = _hardness(
        validation.images[:count], labels, Split(train.images[compared_indices], train.labels[compared_indices])
    )
    easy, hard = [], []
    for digit in np.unique(labels):
        hardest_first = [index for index in np.argsort(-hardness, kind="stable") if labels[index] == digit]
        hard += [index := rng.choice(hardest_first[:_HARDEST_IMAGES])]
        easy += [rng.choice([each for each in hardest_first[len(hardest_first) // 2 :] if each != index] or [index])]
    return np.array(easy + hard, np.int64)


def _hardness(images: np.ndarray, labels: np.ndarray, train: Split) -> np.ndarray:
    """Return the hardness of images uint8 (n, 28, 28) for a nearest-neighbour classifier, float32 (n,).

    It is the squared distance to the nearest training image with the same label, minus that to the nearest one with
    another label: above 0 if the classifier would be wrong.
    """
    pixels, train_pixels = (each.reshape(len(each), -1).astype(np.float32) / 255 for each in (images, train.images))
    # The squared norm of an image is the same for all distances from it.
    distances = (train_pixels**2).sum(axis=1) - 2 * pixels @ train_pixels.T
    same = labels[:, np.newaxis] == train.labels
    hardness: np.ndarray = np.where(same, distances, np.inf).min(axis=1) - np.where(same, np.inf, distances).min(axis=1)
    return hardness


class Watching:
    """Writes the current predictions for chosen validation images and for the person's own drawing.

    `images`: the images to predict, uint8 (n, 28, 28); the drawing, if any, is the last one.
    """

    def __init__(self, run: Run, validation: Split, indices: np.ndarray, drawing: OwnDrawing | None = None) -> None:
        """`indices` (n,): chosen validation images."""
        self._file = run.watched_file
        self._labels = [(int(index), int(validation.labels[index])) for index in indices]
        self.images = np.concatenate([validation.images[indices], *([drawing.image[np.newaxis]] if drawing else [])])

    def write(self, digits: np.ndarray, confidences: np.ndarray) -> None:
        """Write the predicted digits, uint8 (n,), and their confidences, float32 (n,), for `images`."""
        # A float32 probability may exceed 1, and is NaN if training has just diverged; another callback reports that.
        rounded = np.clip(np.nan_to_num(confidences), 0, 1).round(4)
        predictions = [
            Prediction(digit=int(digit), confidence=float(confidence))
            for digit, confidence in zip(digits, rounded, strict=True)
        ]
        images = tuple(
            WatchedImage(index=index, label=label, prediction=prediction)
            for (index, label), prediction in zip(self._labels, predictions, strict=False)
        )
        drawing = predictions[-1] if len(predictions) > len(images) else None
        write_watched(self._file, Watched(images=images, drawing=drawing))
