"""The most similar training image of one digit; cached by digit, because describing all images would take seconds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from core.classifier.bundle import Bundle
from core.classifier.network import Network
from core.data import datasets
from core.explain.neighbours import FeatureIndex, image_features, load_feature_network
from core.ink.drawing import Pixels
from dashboard.session import cache
from dashboard.session.state import workspace


@dataclass(frozen=True)
class NearestImage:
    """A training image, uint8 (28, 28), with its label and its Euclidean distance in feature space."""

    image: Pixels
    label: int
    distance: float


def nearest_of_digit(bundle: Bundle, image: Pixels, digit: int) -> NearestImage | None:
    """Return the training image with this label that is nearest to an image uint8 (28, 28); None if there is none.

    Raises BundleError if the model has no features, DataError if its dataset is not on this machine.
    """
    card = cache.card(bundle)
    version = datasets.dataset_version(card.config.dataset, workspace())
    # The time of the model's file tells a model that was replaced from the one in the cache.
    modified = bundle.tflite_file.stat().st_mtime_ns
    network, index, images = _index(str(bundle.folder), modified, card.config.dataset, digit, version)
    nearest = index.nearest(image_features(network, card, image[np.newaxis])[0], 1)
    if not len(nearest.indices):
        return None
    return NearestImage(images[int(nearest.indices[0])], digit, float(nearest.distances[0]))


@st.cache_resource(show_spinner=False, max_entries=20)
def _index(
    folder: str, modified: int, dataset_id: str, digit: int, version: str
) -> tuple[Network, FeatureIndex, np.ndarray]:
    """Return the network, the features of the digit's training images, and these images uint8 (n, 28, 28)."""
    bundle, train = Bundle(Path(folder)), cache.dataset(dataset_id).train
    images = train.images[train.labels == digit]
    network = load_feature_network(bundle)
    features = image_features(network, bundle.card(), images)
    return network, FeatureIndex(features, np.full(len(images), digit, np.uint8)), images
