"""A network's predictions on the validation split after each epoch: images that it learned and forgot.

After Toneva et al. (2019), "An Empirical Study of Example Forgetting during Deep Neural Network Learning", who counted
on training batches; these are images that the network does not learn from.
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
"""In place of an epoch, which counts from 1."""


@dataclass(frozen=True)
class EpochAnswers:
    """The predictions for n > 0 validation images after each epoch.

    `epochs` int64 (e,), counted from 1, ascending; `predictions` uint8 (e, n), `labels` uint8 (n,), both in 0..9.
    Raises ValueError for other arrays.
    """

    epochs: np.ndarray
    predictions: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        shape = (self.epochs.size, self.labels.size)
        if self.epochs.ndim != 1 or self.labels.ndim != 1 or self.predictions.shape != shape or not self.labels.size:
            raise ValueError(f"Expected predictions (epochs, images). Received: shape {self.predictions.shape}.")
        if not all(array.dtype.kind in "iu" for array in (self.epochs, self.predictions, self.labels)):
            raise ValueError("Expected whole numbers.")
        if not all(np.isin(array, range(CLASSES)).all() for array in (self.predictions, self.labels)):
            raise ValueError(f"Expected digits below {CLASSES}.")
        if (self.epochs < 1).any() or (self.epochs[1:] <= self.epochs[:-1]).any():
            raise ValueError(f"Expected epochs from 1 on, ascending. Received: {self.epochs}.")

    @classmethod
    def none(cls, labels: np.ndarray) -> EpochAnswers:
        """Return the predictions before the first epoch."""
        return cls(np.empty(0, np.int64), np.empty((0, len(labels)), np.uint8), labels)

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def right(self) -> np.ndarray:
        """Whether each prediction was correct, bool (e, n)."""
        return self.predictions == self.labels

    def with_epoch(self, epoch: int, predictions: np.ndarray) -> EpochAnswers:
        """Add the predictions after one more epoch, uint8 (n,)."""
        return EpochAnswers(np.append(self.epochs, epoch), np.vstack([self.predictions, predictions]), self.labels)

    def until(self, epoch: int) -> EpochAnswers:
        """Drop the predictions of epochs after `epoch`."""
        kept = self.epochs <= epoch
        return EpochAnswers(self.epochs[kept], self.predictions[kept], self.labels)

    def matrix(self, position: int) -> np.ndarray:
        """Return the confusion matrix int64 (10, 10) of the epoch at this position: rows true, columns predicted."""
        return count_confusions(self.labels, self.predictions[position])

    def cell_members(self, position: int, true_digit: int, predicted_digit: int) -> np.ndarray:
        """Return the indices of the images in one cell of that matrix."""
        return np.flatnonzero((self.labels == true_digit) & (self.predictions[position] == predicted_digit))


def read_answers(path: Path) -> EpochAnswers | None:
    """Read a file of `write_answers`; None without a file, and without an epoch in it.

    Raises ValueError if it is damaged.
    """
    try:
        arrays = read_arrays(path)
        answers = EpochAnswers(arrays["epochs"], arrays["predictions"], arrays["labels"])
    except FileNotFoundError:
        return None
    except (OSError, KeyError) as error:
        raise ValueError(f"{path.name} cannot be read.") from error
    return answers if len(answers) else None


def write_answers(path: Path, answers: EpochAnswers) -> None:
    """Replace a file of predictions, about 6 kB an epoch for MNIST; raises StorageError."""
    with atomic_write(path, durable=False) as temporary, temporary.open("wb") as file:
        np.savez(
            file, allow_pickle=False, epochs=answers.epochs, predictions=answers.predictions, labels=answers.labels
        )


def class_accuracies(answers: EpochAnswers) -> np.ndarray:
    """Return the accuracy on each digit after each epoch, float64 (e, 10); NaN without images."""
    digits = np.arange(CLASSES) == answers.labels[:, np.newaxis]
    counts = digits.sum(axis=0)
    shares = np.full((len(answers), CLASSES), np.nan)
    return np.divide(answers.right.astype(np.float64) @ digits, counts, out=shares, where=counts > 0)


def first_learned(answers: EpochAnswers) -> np.ndarray:
    """Return the epoch after which each prediction stayed correct, int64 (n,); NEVER if the last one is wrong."""
    if not len(answers):
        return np.full(len(answers.labels), NEVER)
    wrong = ~answers.right[::-1]
    # Epochs since the last wrong prediction.
    settled = np.where(wrong.any(axis=0), wrong.argmax(axis=0), len(answers))
    return np.where(settled > 0, answers.epochs[np.minimum(len(answers) - settled, len(answers) - 1)], NEVER)


def forgetting_events(answers: EpochAnswers) -> np.ndarray:
    """Count how often each image was correct after one epoch and wrong after the next, int64 (n,)."""
    right = answers.right
    return (right[:-1] & ~right[1:]).sum(axis=0)


def learned_since(answers: EpochAnswers, position: int) -> np.ndarray:
    """Return the images that are correct at this position and were wrong before; at the first, all correct ones."""
    now = answers.right[position]
    return np.flatnonzero(now & ~answers.right[position - 1] if position else now)


def forgotten_since(answers: EpochAnswers, position: int) -> np.ndarray:
    """Return the images that are wrong at this position and were correct before; none at the first."""
    if not position:
        return np.empty(0, np.int64)
    return np.flatnonzero(answers.right[position - 1] & ~answers.right[position])
