"""The datasets and their splits, ready to be shown or trained on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import numpy as np

from core.data import sources
from core.errors import ConfigError, DataError, DataMissing
from core.ink.drawing import prepare
from core.language import Message
from core.storage import modification_time_ns
from core.workspace import Workspace

SPLITS = ("train", "validation", "test")
CLASSES = 10

VALIDATION_FRACTION = 0.1
"""Fraction of the training images in the validation split."""

TEST_FRACTION = 0.2
"""Fraction of scikit-learn's digits in the test split; MNIST has its own test set."""

SPLIT_SEED = 20261122
"""Fixed seed, so that every run has the same splits."""

TITLES: dict[str, str] = {"mnist": "MNIST", "digits": Message("scikit-learn digits (stand-in)")}


@dataclass(frozen=True)
class Split:
    """Images and their labels: `images` uint8 (n, 28, 28), white ink (255) on black (0); `labels` uint8 (n,), 0..9."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    """A dataset in three splits. `fingerprint` is the SHA-256 of its arrays before splitting."""

    id: str
    title: str
    origin: str
    fingerprint: str
    train: Split
    validation: Split
    test: Split

    def split(self, name: str) -> Split:
        """Return the split with this name, one of SPLITS."""
        if name not in SPLITS:
            raise ConfigError(
                Message("split must be one of {splits}. Received: {name!r}.", splits=", ".join(SPLITS), name=name),
                "split",
            )
        split: Split = getattr(self, name)
        return split


def available_dataset(workspace: Workspace) -> str:
    """Return the id of the best dataset that needs no download: "mnist" if it is on this machine, else "digits"."""
    return "mnist" if sources.find_mnist(workspace) else "digits"


def load_dataset(dataset_id: str, workspace: Workspace) -> Dataset:
    """Load "mnist" or "digits" with its fixed, stratified validation split.

    Raises DataMissing if MNIST is not on this machine, DataError if the id is unknown, the file is not MNIST, or
    TRAZO_MNIST points to a path that does not exist.
    """
    if dataset_id == "mnist":
        path = sources.find_mnist(workspace)
        if path is None:
            raise DataMissing(
                Message(
                    "MNIST is not on this machine yet. Download or upload it on the Data page, or run: python "
                    "-m core data download"
                )
            )
        return _split_dataset("mnist", str(path), sources.read_mnist(path))
    if dataset_id == "digits":
        return _split_dataset("digits", Message("bundled with scikit-learn"), _prepare_scikit_learn_digits())
    raise DataError(
        Message(
            "There is no dataset {dataset_id!r}. Choose one of {datasets}.",
            dataset_id=dataset_id,
            datasets=", ".join(TITLES),
        )
    )


def dataset_version(dataset_id: str, workspace: Workspace) -> str:
    """Return a string that changes when the dataset's files change, to detect stale caches."""
    path = sources.find_mnist(workspace) if dataset_id == "mnist" else None
    return f"{path}:{modification_time_ns(path)}" if path else "none"


def class_means(split: Split) -> np.ndarray:
    """Return the mean image of each digit, uint8 (10, 28, 28); black for a digit that does not occur."""
    means = np.zeros((CLASSES, 28, 28), np.uint8)
    for digit in np.unique(split.labels):
        means[digit] = split.images[split.labels == digit].mean(axis=0).round()
    return means


def class_counts(split: Split) -> np.ndarray:
    """Return the number of images of each digit, int64 (10,)."""
    return np.bincount(split.labels, minlength=CLASSES)


def sample_order(labels: np.ndarray, digits: Collection[int] = (), seed: int | None = None) -> np.ndarray:
    """Return the indices of the samples with these labels (default: all), in order or shuffled with a seed."""
    indices = np.flatnonzero(np.isin(labels, list(digits))) if digits else np.arange(len(labels))
    return indices if seed is None else np.random.default_rng(seed).permutation(indices)


def stratified_split(labels: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Split the indices of `labels` at random, with `fraction` (0..1) of each class in the second part.

    Both parts are sorted. The classes with the largest remainders are rounded up, so that the second part has
    round(fraction * n) samples.
    """
    classes, counts = np.unique(labels, return_counts=True)
    sizes = np.floor(counts * fraction).astype(int)
    remaining = round(len(labels) * fraction) - sizes.sum()
    sizes[np.argsort(sizes - counts * fraction, kind="stable")[:remaining]] += 1
    rng = np.random.default_rng(seed)
    shuffled = (rng.permutation(np.flatnonzero(labels == label)) for label in classes)
    chosen = np.sort(np.concatenate([members[:size] for members, size in zip(shuffled, sizes, strict=True)]))
    rest = np.setdiff1d(np.arange(len(labels)), chosen, assume_unique=True)
    return rest, chosen


def normalise(images: np.ndarray) -> np.ndarray:
    """Convert images uint8 (n, 28, 28) to the network's input, float32 (n, 28, 28, 1) in 0..1."""
    return images[..., np.newaxis].astype(np.float32) / 255.0


def _split_dataset(dataset_id: str, origin: str, arrays: sources.Arrays) -> Dataset:
    images, labels = arrays["x_train"], arrays["y_train"]
    train, validation = stratified_split(labels, VALIDATION_FRACTION, SPLIT_SEED)
    return Dataset(
        id=dataset_id,
        title=TITLES[dataset_id],
        origin=origin,
        fingerprint=sources.fingerprint(arrays),
        train=Split(images[train], labels[train]),
        validation=Split(images[validation], labels[validation]),
        test=Split(arrays["x_test"], arrays["y_test"]),
    )


def _prepare_scikit_learn_digits() -> dict[str, np.ndarray]:
    """Return scikit-learn's 1,797 real 8x8 digits (UCI, Alpaydin and Kaynak, 1998) in MNIST's format."""
    from PIL import Image

    grey_levels, labels = read_scikit_learn_digits()
    small_images = (grey_levels * (255 / 16)).round().astype(np.uint8)
    images = np.empty((len(small_images), 28, 28), np.uint8)
    for index, image in enumerate(small_images):
        # Enlarge well beyond 20 pixels, so that `prepare` smooths the coarse grid when it scales the digit down.
        enlarged = np.asarray(Image.fromarray(image).resize((80, 80), Image.Resampling.BICUBIC))
        prepared = prepare(enlarged).image
        if prepared is None:
            raise DataError(
                Message("Image {index} in scikit-learn's digits dataset is blank. Reinstall scikit-learn.", index=index)
            )
        images[index] = prepared
    train, test = stratified_split(labels, TEST_FRACTION, SPLIT_SEED)
    return {"x_train": images[train], "y_train": labels[train], "x_test": images[test], "y_test": labels[test]}


def read_scikit_learn_digits() -> tuple[np.ndarray, np.ndarray]:
    """Return scikit-learn's `load_digits`: grey levels 0..16, uint8 (n, 8, 8), and labels, uint8 (n,).

    Both are read from scikit-learn's file, because importing scikit-learn takes a second.
    """
    # This also works in a worker, which hides the scikit-learn package from Keras but not the package's metadata.
    file = distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    table = np.loadtxt(Path(str(file)), np.uint8, delimiter=",")
    return table[:, :-1].reshape(-1, 8, 8), table[:, -1]
