"""Nearest neighbours are exact, and features are those of the last layer."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.classifier.bundle import Bundle
from core.classifier.export import export_model, layer_cards
from core.classifier.network import Network
from core.data.datasets import Dataset
from core.errors import BundleError
from core.explain.keras_reader import load_network
from core.explain.neighbours import FeatureIndex, image_features, load_feature_network
from core.workspace import SHIPPED_BUNDLE
from tests.support.tiny_networks import random_model

BUNDLE = Bundle(SHIPPED_BUNDLE)


def random_features(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 3, (count, 5)).astype(np.float16)


def all_distances(features: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.linalg.norm(features[:, np.newaxis].astype(np.float32) - others.astype(np.float32), axis=2)


@given(st.integers(0, 1000), st.integers(1, 40), st.integers(0, 50))
def test_neighbours_are_the_nearest_of_all(seed: int, count: int, wanted: int) -> None:
    features, query = random_features(seed, count), random_features(seed + 1, 1)[0]
    labels = (np.arange(count) % 10).astype(np.uint8)

    found = FeatureIndex(features, labels).nearest(query, wanted)

    distances = all_distances(query[np.newaxis], features)[0]
    assert len(found.indices) == min(count, wanted)
    assert found.distances == pytest.approx(np.sort(distances)[:wanted], abs=1e-3)
    assert np.array_equal(found.labels, labels[found.indices])


@given(st.integers(0, 1000), st.integers(1, 40), st.integers(0, 50))
def test_excluded_images_are_left_out(seed: int, count: int, wanted: int) -> None:
    features, query = random_features(seed, count), random_features(seed + 1, 1)[0]
    excluded = np.random.default_rng(seed).random(count) < 0.5
    index = FeatureIndex(features, np.zeros(count, np.uint8))

    found = index.nearest(query, wanted, excluded)

    expected = FeatureIndex(features[~excluded], np.zeros((~excluded).sum(), np.uint8)).nearest(query, wanted)
    assert found.indices.tolist() == np.flatnonzero(~excluded)[expected.indices].tolist()
    assert np.array_equal(found.distances, expected.distances)


def test_features_are_the_inputs_of_the_last_dense_layer() -> None:
    images = np.random.default_rng(4).integers(0, 256, (20, 28, 28), np.uint8)

    found = image_features(load_feature_network(BUNDLE), BUNDLE.card(), images)

    expected = load_network(BUNDLE).activations(images)[-3]
    assert found.dtype == np.float16
    assert found.shape == expected.shape
    assert found == pytest.approx(expected, rel=2e-3, abs=2e-3)  # half precision


def test_huge_features_stay_finite(tmp_path: Path) -> None:
    images = np.random.default_rng(4).integers(0, 256, (20, 28, 28), np.uint8)
    model = random_model("original", filters=(3,), dense_units=4)
    kernel, bias = model.layers[0].get_weights()
    model.layers[0].set_weights([1e9 * kernel, bias])
    network = Network(export_model(model, tmp_path, images).tflite_file)

    found = image_features(network, BUNDLE.card().model_copy(update={"layers": layer_cards(model)}), images)

    assert found.shape == (20, 4)
    assert np.isfinite(found).all()


def test_neighbours_of_a_digit_have_its_label(mnist: Dataset) -> None:
    network, split = load_feature_network(BUNDLE), mnist.validation
    features = image_features(network, BUNDLE.card(), split.images[:1000])
    index = FeatureIndex(features[100:], split.labels[100:1000])

    correct = sum(
        (index.nearest(query, 1).labels == label).all()
        for query, label in zip(features[:100], split.labels, strict=False)
    )

    assert correct >= 95


def test_model_without_features_raises_bundle_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copytree(SHIPPED_BUNDLE, tmp_path, dirs_exist_ok=True)
    network = load_feature_network(Bundle(tmp_path))
    monkeypatch.setattr(network, "feature_count", None)

    with pytest.raises(BundleError, match="earlier version of Trazo"):
        image_features(network, BUNDLE.card(), np.zeros((1, 28, 28), np.uint8))
