"""Out-of-fold probabilities: predictions for each training image by a network that has not learned from it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from core.arrays import read_arrays
from core.classifier.evaluation import are_probabilities
from core.config import TrainingConfig
from core.court.suspicion import suspicious_labels
from core.data.datasets import CLASSES, Dataset, Split
from core.storage import atomic_write
from core.workspace import Workspace

FOLD_SEED = 20261129
"""Fixed seed, so that an interrupted command continues with the same folds."""


@dataclass(frozen=True)
class OutOfFold:
    """Out-of-fold probabilities float32 (n, 10) and labels uint8 (n,), in the order of `labelled_images`.

    `fingerprint`: the dataset's fingerprint. `preset`: the preset that the networks were trained with.
    """

    fingerprint: str
    preset: str
    probabilities: np.ndarray
    labels: np.ndarray

    @cached_property
    def suspicious(self) -> np.ndarray:
        """The indices of the suspicious labels, most suspicious first."""
        return suspicious_labels(self.probabilities, self.labels)


@dataclass(frozen=True)
class FoldFiles:
    """The probabilities of the completed folds, one file per fold; `folder` depends on everything that affects them."""

    folder: Path

    @classmethod
    def of(
        cls, workspace: Workspace, dataset: Dataset, config: TrainingConfig, folds: int, pen_digits: int
    ) -> FoldFiles:
        """Return the fold files of this dataset for networks with this config and number of pen digits."""
        key = f"{dataset.fingerprint}:{config.model_dump_json()}:{folds}:{FOLD_SEED}:{pen_digits}"
        name = hashlib.sha256(key.encode()).hexdigest()[:16]
        return cls(workspace.cache / "folds" / f"{dataset.id}-{config.preset}-{folds}-{name}")

    def read(self, fold: int, images: int) -> np.ndarray | None:
        """Return the probabilities float32 (`images`, 10) of a fold, or None if its file is missing or damaged."""
        try:
            probabilities = read_arrays(self._file(fold))["probabilities"]
        except (OSError, ValueError, KeyError):
            return None
        return probabilities if _are_predictions(probabilities, images) else None

    def write(self, fold: int, probabilities: np.ndarray) -> None:
        """Write the probabilities of a fold; raises StorageError."""
        with atomic_write(self._file(fold)) as temporary, temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, probabilities=probabilities)

    def _file(self, fold: int) -> Path:
        return self.folder / f"fold-{fold + 1}.npz"


def labelled_images(dataset: Dataset) -> Split:
    """Return the training images, followed by the validation images: all images that training uses."""
    return Split(np.concatenate([dataset.train.images, dataset.validation.images]), _labels(dataset))


def split_and_index(dataset: Dataset, number: int) -> tuple[str, int]:
    """Return the split of an image in `labelled_images`, and its index within that split."""
    in_train = len(dataset.train)
    return ("train", number) if number < in_train else ("validation", number - in_train)


def fold_numbers(labels: np.ndarray, folds: int, seed: int = FOLD_SEED) -> np.ndarray:
    """Return the fold of each image, int64 (n,) in 0..folds-1; folds have equal numbers of each digit, +-1."""
    rng = np.random.default_rng(seed)
    numbers = np.empty(len(labels), np.int64)
    done = 0
    for digit in range(CLASSES):
        members = rng.permutation(np.flatnonzero(labels == digit))
        # Continue where the last digit ended, so that the folds also have the same number of images in total.
        numbers[members] = (done + np.arange(len(members))) % folds
        done += len(members)
    return numbers


def out_of_fold_file(workspace: Workspace, dataset_id: str) -> Path:
    """Return the file of a dataset's latest out-of-fold probabilities."""
    return workspace.cache / "folds" / f"{dataset_id}.npz"


def write_out_of_fold(workspace: Workspace, dataset_id: str, result: OutOfFold) -> None:
    """Replace a dataset's out-of-fold probabilities; raises StorageError."""
    with atomic_write(out_of_fold_file(workspace, dataset_id)) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            allow_pickle=False,
            fingerprint=np.array(result.fingerprint),
            preset=np.array(result.preset),
            probabilities=result.probabilities,
            labels=result.labels,
        )


def read_out_of_fold(path: Path, dataset: Dataset) -> OutOfFold | None:
    """Return the out-of-fold probabilities of a dataset, or None if there are none, or they are damaged or stale."""
    try:
        arrays = read_arrays(path)
        result = OutOfFold(str(arrays["fingerprint"]), str(arrays["preset"]), arrays["probabilities"], arrays["labels"])
    except (OSError, ValueError, KeyError):
        return None
    labels = _labels(dataset)
    fits = result.fingerprint == dataset.fingerprint and np.array_equal(result.labels, labels)
    return result if fits and _are_predictions(result.probabilities, len(labels)) else None


def _are_predictions(probabilities: np.ndarray, images: int) -> bool:
    return probabilities.shape == (images, CLASSES) and are_probabilities(probabilities)


def _labels(dataset: Dataset) -> np.ndarray:
    return np.concatenate([dataset.train.labels, dataset.validation.labels])
