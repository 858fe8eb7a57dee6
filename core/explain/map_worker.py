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
"""The lowest priority of a process."""


def main(folder: Path, dataset_id: str) -> None:
    """Compute the map of a dataset by the model in `folder`, and write it to the cache."""
    workspace, bundle = Workspace.from_environment(), Bundle(folder)
    network = load_feature_network(bundle)
    fingerprint = bundle_fingerprint(bundle)
    train = load_dataset(dataset_id, workspace).train
    write_map(map_file(workspace, dataset_id, fingerprint), compute_map(network, bundle.card(), train, fingerprint))


if __name__ == "__main__":
    os.nice(_NICE)
    main(Path(sys.argv[1]), sys.argv[2])
