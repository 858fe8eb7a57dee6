"""A network's predictions on the validation split after each epoch, and the images that it learned and forgot.

The method follows Toneva et al. (2019), "An Empirical Study of Example Forgetting during Deep Neural Network Learning".
They counted forgetting on training batches; here it is counted on validation images, which the network never trains on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.arrays import read_arrays
from core.classifier.evaluation import count_confusions
from core.data.datasets import CLASSES
from core.storage import atomic_write

NEVER = 0
"""Value that means "in no epoch"; epochs are counted from 1."""


@dataclass(frozen=True)
class EpochPredictions:
    """The predictions for n > 0 validation images after each epoch.

    `epochs` int64 (e,), counted from 1, ascending; `predictions` uint8 (e, n), `labels` uint8 (n,), both in 0..9.
    Raises ValueError for arrays that do not fit this description.
    """

    epochs: np.ndarray
    predictions: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        shape = (self.epochs.size, self.labels.size)
        if self.epochs.ndim != 1 or self.labels.ndim != 1 or self.predictions.shape != shape or not self.labels.size:
            raise ValueError(f"Expected predictions (epochs, images). Received: shape {self.predictions.shape}.")
        if not all(array.dtype.kind in "iu" for array in (self.epochs, self.predictions, self.labels)):
            raise ValueError("Expected integers.")
        if not all(np.isin(array, range(CLASSES)).all() for array in (self.predictions, self.labels)):
            raise ValueError(f"Expected digits below {CLASSES}.")
        if (self.epochs < 1).any() or (self.epochs[1:] <= self.epochs[:-1]).any():
            raise ValueError(f"Expected ascending epochs, at least 1. Received: {self.epochs}.")

    @classmethod
    def empty(cls, labels: np.ndarray) -> EpochPredictions:
        """Return predictions for these labels, with no epochs yet."""
        return cls(np.empty(0, np.int64), np.empty((0, len(labels)), np.uint8), labels)

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def correct(self) -> np.ndarray:
        """True for each correct prediction: bool (e, n)."""
        return self.predictions == self.labels

    def with_epoch(self, epoch: int, predictions: np.ndarray) -> EpochPredictions:
        """Return a copy with the predictions uint8 (n,) of one more epoch."""
        return EpochPredictions(np.append(self.epochs, epoch), np.vstack([self.predictions, predictions]), self.labels)

    def up_to(self, epoch: int) -> EpochPredictions:
        """Return a copy without the epochs after `epoch`."""
        is_kept = self.epochs <= epoch
        return EpochPredictions(self.epochs[is_kept], self.predictions[is_kept], self.labels)

    def matrix(self, index: int) -> np.ndarray:
        """Return the confusion matrix int64 (10, 10) of the epoch at this index: rows true, columns predicted."""
        return count_confusions(self.labels, self.predictions[index])

    def cell_members(self, index: int, true_digit: int, predicted_digit: int) -> np.ndarray:
        """Return the indices of the images in one cell of the epoch's confusion matrix."""
        return np.flatnonzero((self.labels == true_digit) & (self.predictions[index] == predicted_digit))


def read_epoch_predictions(path: Path) -> EpochPredictions | None:
    """Read a file written by `write_epoch_predictions`; return None if the file is missing or has no epochs.

    Raises ValueError if the file is damaged.
    """
    try:
        arrays = read_arrays(path)
        predictions_by_epoch = EpochPredictions(arrays["epochs"], arrays["predictions"], arrays["labels"])
    except FileNotFoundError:
        return None
    except (OSError, KeyError) as error:
        raise ValueError(f"{path.name} cannot be read.") from error
    return predictions_by_epoch if len(predictions_by_epoch) else None


def write_epoch_predictions(path: Path, predictions_by_epoch: EpochPredictions) -> None:
    """Replace the file with these predictions, about 6 kB per epoch for MNIST; raises StorageError."""
    with atomic_write(path, durable=False) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            allow_pickle=False,
            epochs=predictions_by_epoch.epochs,
            predictions=predictions_by_epoch.predictions,
            labels=predictions_by_epoch.labels,
        )


def class_accuracies(predictions_by_epoch: EpochPredictions) -> np.ndarray:
    """Return the accuracy on each digit after each epoch, float64 (e, 10); NaN for digits without images."""
    digits = np.arange(CLASSES) == predictions_by_epoch.labels[:, np.newaxis]
    counts = digits.sum(axis=0)
    accuracies = np.full((len(predictions_by_epoch), CLASSES), np.nan)
    return np.divide(predictions_by_epoch.correct.astype(np.float64) @ digits, counts, out=accuracies, where=counts > 0)


def first_learned(predictions_by_epoch: EpochPredictions) -> np.ndarray:
    """Return the epoch since which each prediction has been correct, int64 (n,); NEVER if the last one is wrong."""
    if not len(predictions_by_epoch):
        return np.full(len(predictions_by_epoch.labels), NEVER)
    wrong = ~predictions_by_epoch.correct[::-1]
    epochs_since_wrong = np.where(wrong.any(axis=0), wrong.argmax(axis=0), len(predictions_by_epoch))
    first_correct = np.minimum(len(predictions_by_epoch) - epochs_since_wrong, len(predictions_by_epoch) - 1)
    return np.where(epochs_since_wrong > 0, predictions_by_epoch.epochs[first_correct], NEVER)


def forgetting_events(predictions_by_epoch: EpochPredictions) -> np.ndarray:
    """Count how often each image was correct after one epoch and wrong after the next: int64 (n,)."""
    correct = predictions_by_epoch.correct
    return (correct[:-1] & ~correct[1:]).sum(axis=0)


def learned_in_epoch(predictions_by_epoch: EpochPredictions, index: int) -> np.ndarray:
    """Return the indices of images that were wrong before the epoch at this index and correct after it.

    For the first epoch, these are all correct images.
    """
    newly_correct = predictions_by_epoch.correct[index]
    if index:
        newly_correct = newly_correct & ~predictions_by_epoch.correct[index - 1]
    return np.flatnonzero(newly_correct)


def forgotten_in_epoch(predictions_by_epoch: EpochPredictions, index: int) -> np.ndarray:
    """Return the indices of images that were correct before the epoch at this index and wrong after it.

    For the first epoch, there are none.
    """
    if not index:
        return np.empty(0, np.int64)
    return np.flatnonzero(predictions_by_epoch.correct[index - 1] & ~predictions_by_epoch.correct[index])
