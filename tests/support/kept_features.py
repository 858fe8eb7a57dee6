"""Features of MNIST's training images, which are computed once for all dashboards of the tests."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

from core.classifier.bundle import Bundle
from core.data.datasets import load_dataset
from core.errors import DataMissing
from core.explain.feature_file import features_file, split_features
from core.explain.neighbours import load_feature_network
from core.workspace import SHIPPED_BUNDLE, Workspace


def share_features(shared: Path, workspace: Workspace) -> None:
    """Put the shipped model's features into a workspace's cache, if MNIST is on this machine.

    `shared`: a folder for all processes of the tests. A dashboard would need both cores for several seconds.
    """
    with suppress(DataMissing):
        file = _shared_file(shared)
        workspace.cache.mkdir(parents=True, exist_ok=True)
        os.link(file, workspace.cache / file.name)


@cache
def _shared_file(shared: Path) -> Path:
    bundle, mnist = Bundle(SHIPPED_BUNDLE), load_dataset("mnist", Workspace.from_environment())
    network = load_feature_network(bundle)
    file = features_file(Workspace(shared), network, mnist, "train")
    with Workspace(shared).locked():
        split_features(file, bundle.card(), network, mnist.train.images)
    return file
