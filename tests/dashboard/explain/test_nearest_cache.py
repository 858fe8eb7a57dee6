"""The training image that is nearest to a drawing."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakSet

import numpy as np
import pytest

from core.classifier.bundle import Bundle
from core.classifier.network import Network
from core.data.datasets import Dataset
from core.errors import BundleError
from core.explain import neighbours
from core.explain.feature_file import features_file
from core.explain.neighbours import image_features, load_feature_network
from core.workspace import SHIPPED_BUNDLE, Workspace
from dashboard.explain import nearest_cache
from dashboard.explain.nearest_cache import nearest_training_image
from dashboard.session import cache
from tests.support.opened_files import exhausted_open_files

BUNDLE = Bundle(SHIPPED_BUNDLE)


@pytest.fixture(autouse=True)
def _own_cache() -> Iterator[None]:
    """Keep the features of this test from other tests, and theirs from this one."""
    caches = nearest_cache._digit_index, cache._feature_index, cache._feature_network
    for each in caches:
        each.clear()
    yield
    for each in caches:
        each.clear()


def test_an_image_is_compared_with_the_features_in_the_cache(workspace: Workspace, mnist: Dataset) -> None:
    image, index = mnist.test.images[0], np.flatnonzero(mnist.train.labels == 3)[5]
    network = load_feature_network(BUNDLE)
    (features,) = image_features(network, BUNDLE.card(), image[np.newaxis])
    kept = np.full((len(mnist.train), len(features)), 100, np.float16)
    kept[index] = features
    workspace.cache.mkdir(parents=True)
    np.savez(features_file(workspace, network, mnist, "train"), features=kept)

    found = nearest_training_image(BUNDLE, image, 3)

    assert found is not None
    assert (found.index, found.distance) == (index, 0)


def test_an_image_is_compared_without_a_cache(workspace: Workspace, mnist: Dataset) -> None:
    index = np.flatnonzero(mnist.train.labels == 3)[5]

    found = nearest_training_image(BUNDLE, mnist.train.images[index], 3)

    assert found is not None
    assert found.index == index
    assert not workspace.cache.exists()


def test_a_failed_computation_is_repeated(workspace: Workspace, mnist: Dataset) -> None:
    image = mnist.train.images[0]
    nearest_training_image(BUNDLE, image, 3)  # loads the model's card and the images, which stay in memory
    with exhausted_open_files(), pytest.raises(BundleError):
        nearest_training_image(BUNDLE, image, 5)

    found = nearest_training_image(BUNDLE, image, 5)

    assert found is not None
    assert found.index == 0


@pytest.mark.parametrize(
    "search",
    [
        lambda image: nearest_training_image(BUNDLE, image, 3),
        lambda image: cache.nearest_images(BUNDLE, image, "digits", "train", 1),
    ],
    ids=["of a digit", "of a split"],
)
def test_no_network_with_the_buffers_of_a_batch_is_kept(
    workspace: Workspace, mnist: Dataset, monkeypatch: pytest.MonkeyPatch, search: Callable[[np.ndarray], object]
) -> None:
    networks: WeakSet[Network] = WeakSet()

    class Recorded(Network):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            networks.add(self)

    monkeypatch.setattr(neighbours, "Network", Recorded)

    assert search(mnist.test.images[0]) is not None

    gc.collect()
    assert [network._batch_sessions.qsize() for network in networks] == [0]
