"""Images that look alike to a network: features and nearest neighbours."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.classifier.bundle import Bundle, Card
from core.classifier.network import Network
from core.errors import BundleError
from core.language import Message

_BLOCK = 4096
"""Images per block of features."""

_MAX_FEATURE = np.finfo(np.float16).max
"""Features of a network that has diverged are clipped at this value."""


@dataclass(frozen=True)
class Neighbours:
    """The nearest images, nearest first, (k,) each: `indices` int64, Euclidean `distances` float32, `labels` uint8."""

    indices: np.ndarray
    distances: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class FeatureIndex:
    """The features float16 (n, d) and labels uint8 (n,) of a split. 60,000 images with 96 features take 11.5 MB.

    Brute force is exact, and fast enough for this many images: no index structure is needed.
    """

    features: np.ndarray
    labels: np.ndarray

    def nearest(self, query: np.ndarray, count: int, excluded: np.ndarray | None = None) -> Neighbours:
        """Return the `count` images nearest to a query, features (d,), or all of them if there are fewer.

        `excluded`: bool (n,), images to leave out.
        """
        squares = np.empty(len(self.features), np.float32)
        for start in range(0, len(squares), _BLOCK):
            block = self.features[start : start + _BLOCK].astype(np.float32) - query.astype(np.float32)
            squares[start : start + _BLOCK] = np.einsum("nd,nd->n", block, block)
        available = len(squares)
        if excluded is not None:
            squares[excluded] = np.inf
            available -= int(excluded.sum())
        count = min(count, available)
        indices = np.argpartition(squares, count - 1)[:count] if count else np.empty(0, np.int64)
        indices = indices[np.lexsort((indices, squares[indices]))]
        return Neighbours(indices, np.sqrt(squares[indices]), self.labels[indices])


def image_features(network: Network, card: Card, images: np.ndarray) -> np.ndarray:
    """Return the inputs of the last dense layer for images uint8 (n, 28, 28), float16 (n, d).

    If that layer has more inputs than the LiteRT model outputs features, all of these features are returned. Raises
    BundleError for a model made by an earlier version, which outputs none.
    """
    if network.feature_count is None:
        raise BundleError(
            Message(
                "This model was made by an earlier version of Trazo and outputs no features, so similar "
                "images cannot be found. Choose another model, or train it again."
            )
        )
    width = min(_last_dense_inputs(card), network.feature_count)
    blocks = [np.empty((0, width), np.float16)]
    for start in range(0, len(images), _BLOCK):
        features = network(images[start : start + _BLOCK]).features
        assert features is not None
        blocks.append(np.clip(features[:, :width], -_MAX_FEATURE, _MAX_FEATURE).astype(np.float16))
    return np.concatenate(blocks)


def load_feature_network(bundle: Bundle) -> Network:
    """Return the bundle's LiteRT model for `image_features`; raises BundleError if it is damaged."""
    return Network(bundle.tflite_file, bundle.card().network_fingerprint)


def _last_dense_inputs(card: Card) -> int:
    """Return the number of inputs of the last dense layer; the layer before it has as many outputs."""
    index = max(index for index, layer in enumerate(card.layers) if layer.kind == "Dense")
    return math.prod(card.layers[index - 1].output_shape)
