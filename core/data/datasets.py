"""Which datasets there are, and their splits, ready to be shown or trained on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import numpy as np

from core.data import sources
from core.errors import ConfigError, DataError, DataMissing
from core.ink.drawing import prepare
from core.workspace import Workspace

SPLITS = ("train", "validation", "test")
CLASSES = 10
VALIDATION_SHARE = 0.1
TEST_SHARE = 0.2
"""Share of scikit-learn's digits that is set aside as their test set; MNIST brings its own."""
SPLIT_SEED = 20261122
TITLES = {"mnist": "MNIST", "digits": "scikit-learn digits (stand-in)"}


@dataclass(frozen=True)
class Split:
    """Images and their labels: `images` uint8 (n, 28, 28), white ink (255) on black (0); `labels` uint8 (n,), 0..9."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    """A dataset in three parts. `fingerprint` is the SHA-256 of its arrays as they came, before any split."""

    id: str
    title: str
    origin: str
    fingerprint: str
    train: Split
    validation: Split
    test: Split

    def split(self, name: str) -> Split:
        """One of SPLITS by name."""
        if name not in SPLITS:
            raise ConfigError(f"split: one of {', '.join(SPLITS)}. Received: {name!r}.", "split")
        part: Split = getattr(self, name)
        return part


def available_dataset(workspace: Workspace) -> str:
    """The dataset that can be used without a download: "mnist" where it is found, else "digits"."""
    return "mnist" if sources.find_mnist(workspace) else "digits"


def load_dataset(dataset_id: str, workspace: Workspace) -> Dataset:
    """Load "mnist" or "digits" with its fixed, stratified validation split.

    Raises DataMissing when MNIST is not on this machine, DataError when what is there is not MNIST.
    """
    if dataset_id == "mnist":
        path = sources.find_mnist(workspace)
        if path is None:
            raise DataMissing(
                "MNIST is not on this machine yet. Download it on the Data page or with: python -m core data download"
            )
        return _dataset("mnist", str(path), sources.read_mnist(path))
    if dataset_id == "digits":
        return _dataset("digits", "bundled with scikit-learn", _scikit_learn_digits())
    raise DataError(f"There is no dataset {dataset_id!r}; choose one of {', '.join(TITLES)}.")


def dataset_mark(dataset_id: str, workspace: Workspace) -> str:
    """A string that changes whenever the dataset's files do, to tell whether a loaded dataset is still current."""
    path = sources.find_mnist(workspace) if dataset_id == "mnist" else None
    return f"{path}:{path.stat().st_mtime_ns}" if path else "none"


def class_means(split: Split) -> np.ndarray:
    """Mean image of each digit, uint8 (10, 28, 28); black for a digit that does not occur."""
    means = np.zeros((CLASSES, 28, 28), np.uint8)
    for digit in np.unique(split.labels):
        means[digit] = split.images[split.labels == digit].mean(axis=0).round()
    return means


def class_counts(split: Split) -> np.ndarray:
    """Number of images of each digit, int64 (10,)."""
    return np.bincount(split.labels, minlength=CLASSES)


def sample_order(labels: np.ndarray, digits: Collection[int] = (), seed: int | None = None) -> np.ndarray:
    """Indices of the samples of these digits (all, where none is named), in their order or shuffled with a seed."""
    chosen = np.flatnonzero(np.isin(labels, list(digits))) if digits else np.arange(len(labels))
    return chosen if seed is None else np.random.default_rng(seed).permutation(chosen)


def stratified_split(labels: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the rest and of a part that holds `share` (0..1) of each class; both sorted, both fixed by `seed`.

    Parts of an image go to the classes with the largest remainders, so that the part is round(share * n) in all.
    """
    classes, counts = np.unique(labels, return_counts=True)
    sizes = np.floor(counts * share).astype(int)
    missing = round(len(labels) * share) - sizes.sum()
    sizes[np.argsort(sizes - counts * share, kind="stable")[:missing]] += 1
    generator = np.random.default_rng(seed)
    members = (generator.permutation(np.flatnonzero(labels == label)) for label in classes)
    chosen = np.sort(np.concatenate([own[:size] for own, size in zip(members, sizes, strict=True)]))
    rest = np.setdiff1d(np.arange(len(labels)), chosen, assume_unique=True)
    return rest, chosen


def normalised(images: np.ndarray) -> np.ndarray:
    """uint8 (n, 28, 28) -> float32 (n, 28, 28, 1) in 0..1, the network's input."""
    return images[..., np.newaxis].astype(np.float32) / 255.0


def _dataset(dataset_id: str, origin: str, arrays: sources.Arrays) -> Dataset:
    images, labels = arrays["x_train"], arrays["y_train"]
    train, validation = stratified_split(labels, VALIDATION_SHARE, SPLIT_SEED)
    return Dataset(
        id=dataset_id,
        title=TITLES[dataset_id],
        origin=origin,
        fingerprint=sources.fingerprint(arrays),
        train=Split(images[train], labels[train]),
        validation=Split(images[validation], labels[validation]),
        test=Split(arrays["x_test"], arrays["y_test"]),
    )


def _scikit_learn_digits() -> dict[str, np.ndarray]:
    """scikit-learn's 1,797 real 8x8 digits (UCI, Alpaydin and Kaynak 1998), laid out as MNIST lays digits out."""
    from PIL import Image

    levels, labels = scikit_learn_table()
    small = (levels * (255 / 16)).round().astype(np.uint8)
    images = np.empty((len(small), 28, 28), np.uint8)
    for index, image in enumerate(small):
        # Enlarged well past 20 pixels, so that cropping and scaling down again smooth the coarse grid.
        large = np.asarray(Image.fromarray(image).resize((80, 80), Image.Resampling.BICUBIC))
        centred = prepare(large).image
        if centred is None:
            raise DataError(f"scikit-learn's digit {index} holds no ink; reinstall scikit-learn.")
        images[index] = centred
    train, test = stratified_split(labels, TEST_SHARE, SPLIT_SEED)
    return {"x_train": images[train], "y_train": labels[train], "x_test": images[test], "y_test": labels[test]}


def scikit_learn_table() -> tuple[np.ndarray, np.ndarray]:
    """What its `load_digits` gives, as levels 0..16, uint8 (n, 8, 8), and labels, uint8 (n,).

    Read from its file: importing scikit-learn takes a second, which every training on these digits would begin with.
    """
    # A distribution is found also while the package seems to be missing, as it does where a worker imports Keras.
    file = distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    table = np.loadtxt(Path(str(file)), np.uint8, delimiter=",")
    return table[:, :-1].reshape(-1, 8, 8), table[:, -1]
