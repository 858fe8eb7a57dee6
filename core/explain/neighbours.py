"""Images that look alike to a network: features, nearest neighbours and near duplicates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.classifier.bundle import Bundle, Card
from core.classifier.network import Network
from core.errors import BundleError
from core.explain.blas import use_one_blas_thread

_BLOCK = 4096
"""Images per block of features."""

_PAIR_BLOCK = 256
"""Images per block of all pairs; the distances to 60,000 images then take 60 MB."""


@dataclass(frozen=True)
class Neighbours:
    """The nearest images, nearest first, (k,) each: `indices` int64, Euclidean `distances` float32, `labels` uint8."""

    indices: np.ndarray
    distances: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Pairs:
    """Pairs of images, the closest first: indices int64 (n,), and distances in feature space float32 (n,)."""

    first: np.ndarray
    second: np.ndarray
    distances: np.ndarray


@dataclass(frozen=True)
class FeatureIndex:
    """The features float16 (n, d) and labels uint8 (n,) of a split. 60,000 images with 96 features take 11.5 MB.

    Brute force is exact, and fast enough for this many images: no index structure is needed.
    """

    features: np.ndarray
    labels: np.ndarray

    def nearest(self, query: np.ndarray, count: int) -> Neighbours:
        """Return the `count` nearest images of a query, features (d,), or all of them if there are fewer."""
        squares = np.empty(len(self.features), np.float32)
        for start in range(0, len(squares), _BLOCK):
            block = self.features[start : start + _BLOCK].astype(np.float32) - query.astype(np.float32)
            squares[start : start + _BLOCK] = np.einsum("nd,nd->n", block, block)
        count = min(count, len(squares))
        chosen = np.argpartition(squares, count - 1)[:count] if count else np.empty(0, np.int64)
        chosen = chosen[np.lexsort((chosen, squares[chosen]))]
        return Neighbours(chosen, np.sqrt(squares[chosen]), self.labels[chosen])


def image_features(network: Network, card: Card, images: np.ndarray) -> np.ndarray:
    """Return the inputs of the last dense layer for images uint8 (n, 28, 28), float16 (n, d).

    If that layer has more inputs than the LiteRT model outputs features, all of these features are returned. Raises
    BundleError for a model of an earlier version, which outputs none.
    """
    if network.feature_count is None:
        raise BundleError(
            "This model was made by an earlier version of Trazo and outputs no features, so similar images cannot be "
            "found. Choose another model, or train it again."
        )
    width = min(_last_dense_inputs(card), network.feature_count)
    blocks = [np.empty((0, width), np.float16)]
    for start in range(0, len(images), _BLOCK):
        features = network(images[start : start + _BLOCK]).features
        assert features is not None
        blocks.append(features[:, :width].astype(np.float16))
    return np.concatenate(blocks)


def load_feature_network(bundle: Bundle) -> Network:
    """Return the bundle's LiteRT model for `image_features`; raises BundleError if it is damaged."""
    return Network(bundle.tflite_file, bundle.card().network_fingerprint)


def closest_pairs(features: np.ndarray, others: np.ndarray | None = None, count: int = 100) -> Pairs:
    """Return the closest pairs of images, by their features float16 (n, d): near duplicates.

    Each image of `features` is paired with its nearest image in `others` (m, d), or, if that is None, in `features`
    itself; then a pair is listed once. At most `count` pairs.
    """
    use_one_blas_thread()
    targets = (features if others is None else others).astype(np.float32)
    nearest, distances = _nearest_of_each(features, targets, skip_self=others is None)
    first = np.flatnonzero(np.isfinite(distances))
    if others is None:
        # Of a mutual pair, keep the one whose first index is smaller.
        mutual = nearest[nearest[first]] == first
        first = first[~mutual | (first < nearest[first])]
    first = first[np.argsort(distances[first], kind="stable")][:count]
    return Pairs(first, nearest[first], distances[first])


def _nearest_of_each(features: np.ndarray, targets: np.ndarray, skip_self: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the index of each image's nearest target, int64 (n,), and the distance float32 (n,), inf without any."""
    nearest = np.zeros(len(features), np.int64)
    distances = np.full(len(features), np.inf, np.float32)
    lengths = np.einsum("nd,nd->n", targets, targets)
    for start in range(0, len(features) if len(targets) > int(skip_self) else 0, _PAIR_BLOCK):
        block = features[start : start + _PAIR_BLOCK].astype(np.float32)
        rows = np.arange(len(block))
        # |a - b|^2 = |a|^2 - 2 ab + |b|^2, of which |a|^2 does not change the order.
        squares = lengths - 2 * (block @ targets.T)
        if skip_self:
            squares[rows, start + rows] = np.inf
        chosen = squares.argmin(axis=1)
        nearest[start + rows] = chosen
        distances[start + rows] = np.linalg.norm(block - targets[chosen], axis=1)
    return nearest, distances


def _last_dense_inputs(card: Card) -> int:
    """Return the number of inputs of the last dense layer; the layer before it has as many outputs."""
    index = max(index for index, layer in enumerate(card.layers) if layer.kind == "Dense")
    return math.prod(card.layers[index - 1].output_shape)
