"""Cached maps and the points on them, shared by all visitors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from core.classifier.bundle import Bundle
from core.data import datasets
from core.explain.embedding_map import EmbeddingMap
from core.explain.map_file import bundle_fingerprint, map_file, read_map
from core.explain.neighbours import image_features, load_feature_network
from core.language import Message
from core.storage import modification_time_ns
from dashboard.session import cache
from dashboard.session.language import Spinner
from dashboard.session.state import workspace


def embedding_map(bundle: Bundle, dataset_id: str) -> EmbeddingMap | None:
    """Return a model's map of a dataset, or None if it is missing, damaged or stale.

    Raises BundleError if the model has no features, DataError if the dataset is not on this machine.
    """
    return _embedding_map(*_key(bundle, dataset_id))


def points(bundle: Bundle, dataset_id: str, split: str) -> pd.DataFrame | None:
    """Return one row for each image of a split that is shown on the map.

    All images of `validation` and `test` are shown, but only the landmarks of `train`. Columns: index, label,
    predicted, x, y; all are integers. Do not modify the table. Returns None if there is no map, and raises the same
    errors as `embedding_map`.
    """
    return _points(*_key(bundle, dataset_id), split)


def place(bundle: Bundle, dataset_id: str, images: np.ndarray) -> np.ndarray | None:
    """Return the positions (n, 2) of images uint8 (n, 28, 28) on a map, or None if there is no map."""
    data_map = embedding_map(bundle, dataset_id)
    if data_map is None:
        return None
    return data_map.place(image_features(cache.feature_network(bundle), cache.card(bundle), images))


def _key(bundle: Bundle, dataset_id: str) -> tuple[str, str, int, str, str]:
    """Return the folder, the network's fingerprint, the map's modification time, the dataset's id and its version."""
    _feature_count(bundle)  # raises BundleError if the model has no features
    fingerprint = bundle_fingerprint(bundle)
    path = map_file(workspace(), dataset_id, fingerprint)
    version = datasets.dataset_version(dataset_id, workspace())
    return str(bundle.folder), fingerprint, modification_time_ns(path), dataset_id, version


@st.cache_resource(show_spinner=False, max_entries=4)
def _embedding_map(folder: str, fingerprint: str, mtime_ns: int, dataset_id: str, version: str) -> EmbeddingMap | None:
    try:
        data_map = read_map(
            map_file(workspace(), dataset_id, fingerprint), cache.dataset(dataset_id).train, fingerprint
        )
    except (OSError, ValueError):
        return None
    return data_map if data_map.features.shape[1] == _feature_count(Bundle(Path(folder))) else None


@st.cache_resource(show_spinner=Spinner(Message("Placing the images on the map…")), max_entries=6)
def _points(
    folder: str, fingerprint: str, mtime_ns: int, dataset_id: str, version: str, split: str
) -> pd.DataFrame | None:
    data_map = _embedding_map(folder, fingerprint, mtime_ns, dataset_id, version)
    if data_map is None:
        return None
    if split == "train":
        return _table(data_map.indices, data_map.labels, data_map.predictions, data_map.positions)
    bundle, samples = Bundle(Path(folder)), cache.dataset(dataset_id).split(split)
    network = load_feature_network(bundle)
    positions = data_map.place(image_features(network, bundle.card(), samples.images))
    predictions = network(samples.images).probabilities.argmax(axis=1)
    return _table(np.arange(len(samples)), samples.labels, predictions, positions)


def _table(indices: np.ndarray, labels: np.ndarray, predictions: np.ndarray, positions: np.ndarray) -> pd.DataFrame:
    # Rounded, because the browser sends back all selected points as JSON: 1.3 MB for 10,000 of them; a message may
    # have 2 MB.
    x, y = positions.round().astype(np.int16).T
    columns = {"index": indices.astype(np.int32), "label": labels, "predicted": predictions.astype(np.uint8)}
    return pd.DataFrame({**columns, "x": x, "y": y})


def _feature_count(bundle: Bundle) -> int:
    """Return the number of features of an image; raises BundleError if the model has none."""
    return image_features(cache.feature_network(bundle), cache.card(bundle), np.empty((0, 28, 28), np.uint8)).shape[1]
