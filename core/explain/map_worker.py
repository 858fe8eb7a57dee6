"""The process that computes a map; `core.launcher.map_process` starts it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from core.classifier.bundle import Bundle
from core.data.datasets import load_dataset
from core.explain.embedding_map import compute_map
from core.explain.map_file import bundle_fingerprint, map_file, write_map
from core.explain.neighbours import load_feature_network
from core.workspace import Workspace

_NICE = 19
"""Niceness of the process: the lowest priority."""


def write_new_map(workspace: Workspace, bundle: Bundle, dataset_id: str) -> Path:
    """Compute a model's map of a dataset, write it to the cache, and return its path.

    Raises BundleError if the model cannot be read or has no features, DataError if the dataset is not on this machine,
    and StorageError if the map cannot be written.
    """
    network = load_feature_network(bundle)
    fingerprint = bundle_fingerprint(bundle)
    train = load_dataset(dataset_id, workspace).train
    path = map_file(workspace, dataset_id, fingerprint)
    write_map(path, compute_map(network, bundle.card(), train, fingerprint))
    return path


if __name__ == "__main__":
    os.nice(_NICE)
    write_new_map(Workspace.from_environment(), Bundle(Path(sys.argv[1])), sys.argv[2])
