"""The most similar training image of a digit.

Features are cached for each digit, because computing them for all images takes seconds.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from core.classifier.bundle import Bundle
from core.data import datasets
from core.data.datasets import Dataset
from core.explain.feature_file import features_file, read_features
from core.explain.neighbours import FeatureIndex, image_features, load_feature_network
from core.ink.drawing import Pixels
from core.storage import modification_time_ns
from core.workspace import Workspace
from dashboard.server.library_internals import rerun_is_waiting
from dashboard.session import cache
from dashboard.session.state import workspace

_POLL_SECONDS = 0.02
"""Time between two checks whether the visitor has drawn another stroke; too short to notice."""

_executor = ThreadPoolExecutor(1, "training-features")


@dataclass(frozen=True)
class NearestImage:
    """A training image, uint8 (28, 28), with its index, its label and its Euclidean distance in feature space."""

    image: Pixels
    index: int
    label: int
    distance: float


@dataclass(frozen=True)
class _DigitIndex:
    """The training images of a digit: their features, and their indices in the split (n,)."""

    features: FeatureIndex
    indices: np.ndarray


def nearest_training_image(bundle: Bundle, image: Pixels, digit: int) -> NearestImage | None:
    """Return the training image with this label that is nearest to an image uint8 (28, 28).

    Return None if there is none, or if the visitor's next stroke arrives first: the first search for a digit may
    take a second. Raises BundleError if the model has no features, DataError if its dataset is not on this machine.
    """
    card = cache.card(bundle)
    version = datasets.dataset_version(card.config.dataset, workspace())
    future = _digit_index(
        str(bundle.folder), modification_time_ns(bundle.tflite_file), card.config.dataset, digit, version
    )
    while not wait([future], _POLL_SECONDS).done:
        if rerun_is_waiting():
            return None
    index = future.result()
    (features,) = image_features(cache.feature_network(bundle), card, image[np.newaxis])
    nearest = index.features.nearest(features, 1)
    if not len(nearest.indices):
        return None
    train_index = int(index.indices[nearest.indices[0]])
    train = cache.dataset(card.config.dataset).train
    return NearestImage(train.images[train_index], train_index, digit, float(nearest.distances[0]))


def _has_not_failed(future: Future[_DigitIndex]) -> bool:
    return not (future.done() and future.exception())


@st.cache_resource(show_spinner=False, max_entries=20, validate=_has_not_failed)
def _digit_index(folder: str, mtime_ns: int, dataset_id: str, digit: int, version: str) -> Future[_DigitIndex]:
    """Compute the features of a digit's training images in another thread; the next stroke does not have to wait."""
    return _executor.submit(_compute_index, workspace(), Bundle(Path(folder)), cache.dataset(dataset_id), digit)


def _compute_index(workspace: Workspace, bundle: Bundle, dataset: Dataset, digit: int) -> _DigitIndex:
    network, train = load_feature_network(bundle), dataset.train
    indices = np.flatnonzero(train.labels == digit)
    try:
        features = read_features(features_file(workspace, network, dataset, "train"), len(train))[indices]
    except (OSError, ValueError):  # not computed yet, or damaged; computing one digit's features does not take long
        features = image_features(network, bundle.card(), train.images[indices])
    return _DigitIndex(FeatureIndex(features, train.labels[indices]), indices)
