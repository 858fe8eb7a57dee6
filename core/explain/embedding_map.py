"""The map of a dataset: images that look alike to a network lie close together on a plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.classifier.bundle import Card
from core.classifier.network import Network
from core.data.datasets import Split, stratified_split
from core.explain.neighbours import image_features

MAX_LANDMARKS = 2000
"""Maximum number of images that t-SNE places. They take 6 s of CPU time, which grows faster than their number."""

EXTENT = 1000
"""The largest absolute coordinate of a landmark."""

_PERPLEXITY = 30
"""Number of neighbours that t-SNE keeps close: scikit-learn's default."""

_NEAREST = 5
"""Number of landmarks among which another image is placed."""

_SEED = 1
"""Fixed seed, so that the same network has the same map on every visit."""

_BLOCK = 1024
"""Images that are placed at once; their distances to 2,000 landmarks take 8 MB."""


@dataclass(frozen=True)
class EmbeddingMap:
    """The map of a training split by one network. The landmarks are n images that t-SNE has placed.

    `indices`: their indices in the training split, int64 (n,). `positions`: float32 (n, 2) in -EXTENT..EXTENT.
    `features`: float16 (n, d). `labels` and `predictions`: uint8 (n,). `fingerprint`: the network's.
    """

    indices: np.ndarray
    positions: np.ndarray
    features: np.ndarray
    labels: np.ndarray
    predictions: np.ndarray
    fingerprint: str

    def place(self, features: np.ndarray) -> np.ndarray:
        """Return the positions, float32 (m, 2), of images with these features, (m, d).

        An image lies at the mean of the five landmarks with the most similar features, weighted by 1 / distance.
        """
        landmarks = self.features.astype(np.float32)
        blocks = [np.empty((0, 2), np.float32)]
        for start in range(0, len(features), _BLOCK):
            block = features[start : start + _BLOCK].astype(np.float32)
            nearest = _nearest(block, landmarks)
            distances = np.linalg.norm(block[:, np.newaxis] - landmarks[nearest], axis=2)
            # An image with a landmark's features lies on it.
            weights = 1 / np.maximum(distances, np.float32(1e-6))
            weights /= weights.sum(axis=1, keepdims=True)
            blocks.append(np.einsum("mk,mkc->mc", weights, self.positions[nearest]))
        return np.concatenate(blocks)


def compute_map(network: Network, card: Card, train: Split, fingerprint: str) -> EmbeddingMap:
    """Return the map of a training split of at least five images; raises BundleError if the network has no features."""
    indices = _choose_landmarks(train.labels)
    images = train.images[indices]
    features = image_features(network, card, images)
    return EmbeddingMap(
        indices=indices,
        positions=_embed(features),
        features=features,
        labels=train.labels[indices],
        predictions=network(images).probabilities.argmax(axis=1).astype(np.uint8),
        fingerprint=fingerprint,
    )


def _choose_landmarks(labels: np.ndarray) -> np.ndarray:
    """Return the indices of up to MAX_LANDMARKS images, with the same fraction of each label."""
    if len(labels) <= MAX_LANDMARKS:
        return np.arange(len(labels))
    return stratified_split(labels, MAX_LANDMARKS / len(labels), _SEED)[1]


def _embed(features: np.ndarray) -> np.ndarray:
    """Place features (n, d) on a plane with t-SNE (van der Maaten and Hinton, 2008); return float32 (n, 2)."""
    # Imported here, because they take a second to load.
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    tsne = TSNE(
        perplexity=min(_PERPLEXITY, (len(features) - 1) / 3),
        # PCA keeps randomness out of the arrangement of the clusters, but fails if all features are identical.
        init="pca" if np.ptp(features, axis=0).any() else "random",
        random_state=_SEED,
    )
    # The threads wait for each other many times a step: on busy cores, two of them took four times as much CPU time.
    with threadpool_limits(1):
        positions = np.asarray(tsne.fit_transform(features.astype(np.float32)), np.float32)
    positions -= (positions.max(axis=0) + positions.min(axis=0)) / 2
    return positions * np.float32(EXTENT / max(np.abs(positions).max(), np.finfo(np.float32).tiny))


def _nearest(features: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Return the indices of the nearest landmarks of each image, int64 (m, k), in no particular order."""
    count = min(_NEAREST, len(landmarks))
    # The squared distances without the term that is the same for all landmarks.
    squares = np.einsum("nd,nd->n", landmarks, landmarks) - 2 * features @ landmarks.T
    return np.argpartition(squares, count - 1, axis=1)[:, :count]
