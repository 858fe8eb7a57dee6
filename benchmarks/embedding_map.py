"""The map of MNIST by the shipped model: how well it keeps labels together, and how long it takes to compute."""

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
    data_map = compute_map(network, card, data.train, bundle_fingerprint(bundle))
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    validation = data.validation
    features = image_features(network, card, validation.images)
    start = time.perf_counter()
    positions = data_map.place(features)
    placing_seconds = time.perf_counter() - start
    tree = KDTree(data_map.positions)
    training_neighbours = data_map.labels[tree.query(data_map.positions, NEIGHBOURS + 1)[1][:, 1:]]
    validation_neighbours = data_map.labels[tree.query(positions, NEIGHBOURS)[1]]
    images = f"{len(validation):,} validation images"
    return [
        Figure(f"map of {len(data_map.labels):,} training images, including the import of scikit-learn", seconds, "s"),
        Figure("CPU time for the same", cpu_seconds, "s"),
        Figure(f"placing one image, mean over {images}", placing_seconds / len(validation) * 1e6, "µs"),
        Figure(
            "training images: neighbours on the map with the same label",
            _agreement(training_neighbours, data_map.labels),
            "%",
        ),
        Figure(
            f"{images}: neighbours on the map with the same label",
            _agreement(validation_neighbours, validation.labels),
            "%",
        ),
    ]


def _agreement(neighbours: np.ndarray, labels: np.ndarray) -> float:
    """Return the percentage of the neighbours' labels (n, k) that equal their image's label."""
    return float((neighbours == labels[:, np.newaxis]).mean() * 100)
