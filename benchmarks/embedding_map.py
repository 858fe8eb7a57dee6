"""The map of MNIST by the shipped model: how well it keeps labels together, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from scipy.spatial import KDTree

from benchmarks.report import Figure
from core.classifier.bundle import Bundle
from core.data.datasets import load_dataset
from core.errors import DataError
from core.explain.embedding_map import compute_map
from core.explain.map_file import bundle_fingerprint
from core.explain.neighbours import image_features, load_feature_network
from core.workspace import SHIPPED_BUNDLE, Workspace

NEIGHBOURS = 5


def embedding_map() -> Sequence[Figure]:
    """Compute the map, place the validation images on it, and compare the labels of neighbours."""
    try:
        data = load_dataset("mnist", Workspace.from_environment())
    except DataError:
        return []
    bundle = Bundle(SHIPPED_BUNDLE)
    network, card = load_feature_network(bundle), bundle.card()
    start, cpu_start = time.perf_counter(), time.process_time()
    found = compute_map(network, card, data.train, bundle_fingerprint(bundle))
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    validation = data.validation
    features = image_features(network, card, validation.images)
    start = time.perf_counter()
    positions = found.place(features)
    placing = time.perf_counter() - start
    tree = KDTree(found.positions)
    own = found.labels[tree.query(found.positions, NEIGHBOURS + 1)[1][:, 1:]]
    nearest = found.labels[tree.query(positions, NEIGHBOURS)[1]]
    images = f"{len(validation):,} validation images"
    return [
        Figure(f"map of {len(found.labels):,} training images, with the import of scikit-learn", seconds, "s"),
        Figure("CPU time of the same", cpu_seconds, "s"),
        Figure(f"placing each of {images}", placing / len(validation) * 1e6, "µs"),
        Figure("training images: neighbours on the map with the same label", _agreement(own, found.labels), "%"),
        Figure(f"{images}: neighbours on the map with the same label", _agreement(nearest, validation.labels), "%"),
    ]


def _agreement(neighbours: np.ndarray, labels: np.ndarray) -> float:
    """Return the percentage of neighbours, labels (n, k), with the label of their image."""
    return float((neighbours == labels[:, np.newaxis]).mean() * 100)
