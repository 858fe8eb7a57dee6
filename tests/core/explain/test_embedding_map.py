"""The map places an image among the landmarks that are most similar to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.classifier.bundle import Bundle
from core.data.datasets import Split, load_dataset
from core.explain import embedding_map
from core.explain.embedding_map import EXTENT, EmbeddingMap, compute_map
from core.explain.neighbours import load_feature_network
from core.workspace import SHIPPED_BUNDLE, Workspace

BUNDLE = Bundle(SHIPPED_BUNDLE)


def random_map(seed: int, count: int) -> EmbeddingMap:
    """Return a map of random landmarks with four features each."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count).astype(np.uint8)
    positions = rng.uniform(-EXTENT, EXTENT, (count, 2)).astype(np.float32)
    features = rng.normal(0, 3, (count, 4)).astype(np.float16)
    return EmbeddingMap(np.arange(count), positions, features, labels, labels, "fingerprint")


def small_split(count: int) -> Split:
    train = load_dataset("digits", Workspace.from_environment()).train
    return Split(train.images[:count], train.labels[:count])


@given(st.integers(0, 1000), st.integers(1, 40))
def test_image_with_a_landmarks_features_lies_on_it(seed: int, count: int) -> None:
    embedding = random_map(seed, count)

    assert embedding.place(embedding.features) == pytest.approx(embedding.positions, abs=0.5)


@given(st.integers(0, 1000), st.integers(5, 40))
def test_an_image_lies_among_its_five_nearest_landmarks(seed: int, count: int) -> None:
    embedding = random_map(seed, count)
    query = np.random.default_rng(seed + 1).normal(0, 3, (1, 4))

    (position,) = embedding.place(query)

    distances = np.linalg.norm(embedding.features.astype(np.float32) - query.astype(np.float32), axis=1)
    nearest = np.argsort(distances)[:5]
    weights = 1 / distances[nearest]
    assert position == pytest.approx(weights @ embedding.positions[nearest] / weights.sum(), abs=0.5)
    corners = embedding.positions[nearest]
    assert (corners.min(axis=0) - 0.5 <= position).all()
    assert (position <= corners.max(axis=0) + 0.5).all()


def test_images_are_placed_independently_of_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    embedding, queries = random_map(1, 30), np.random.default_rng(2).normal(0, 3, (7, 4))
    batch_positions = embedding.place(queries)
    monkeypatch.setattr(embedding_map, "_BLOCK", 3)

    assert embedding.place(queries) == pytest.approx(batch_positions, abs=0.5)
    assert embedding.place(queries[:0]).shape == (0, 2)


def test_images_with_one_label_lie_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_map, "MAX_LANDMARKS", 150)
    train = small_split(400)

    found = compute_map(load_feature_network(BUNDLE), BUNDLE.card(), train, "fingerprint")

    assert np.array_equal(found.labels, train.labels[found.indices])
    assert np.bincount(found.labels) == pytest.approx(np.bincount(train.labels) * 150 / 400, abs=1)
    assert np.abs(found.positions).max() == pytest.approx(EXTENT)
    assert (found.labels == found.predictions).mean() > 0.9
    distances = np.linalg.norm(found.positions[:, np.newaxis] - found.positions, axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (found.labels[distances.argmin(axis=1)] == found.labels).mean() > 0.85


def test_equal_features_and_few_images_can_be_placed() -> None:
    train = Split(np.zeros((5, 28, 28), np.uint8), np.arange(5, dtype=np.uint8))

    found = compute_map(load_feature_network(BUNDLE), BUNDLE.card(), train, "fingerprint")

    assert found.positions.shape == (5, 2)
    assert np.isfinite(found.positions).all()
