"""Published methods for out-of-distribution detection that are fitted on digits alone.

They use the features that enter the network's last dense layer. A higher score means a more unusual image.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import logsumexp

from core.classifier.bundle import Bundle
from core.classifier.network import Network, NetworkOutput
from core.data.datasets import CLASSES, Split
from core.ink.drawing import Pixels

TRAINING_IMAGES = 12_000
"""Number of training images whose features are used, limited because of the cost of the neighbour search."""
NEIGHBOURS = 5
SHRINKAGE = 0.05
"""Weight of the scaled identity in the covariance estimate, which keeps it invertible."""
_BLOCK = 500
"""Number of images per distance matrix, to limit memory."""

Score = Callable[[Pixels, NetworkOutput], np.ndarray]
"""Function from images and the network's outputs for them to novelty scores (n,)."""


def baselines(bundle: Bundle, network: Network, train: Split) -> dict[str, Score]:
    """Return the score function of each method, keyed by the method's name."""
    features = _FeatureScores(bundle, network, train)
    return {
        "Maximum softmax probability (Hendrycks and Gimpel, 2017)": _largest_probability,
        "Energy (Liu et al., 2020)": features.energy,
        "Mahalanobis distance (Lee et al., 2018)": features.mahalanobis,
        "Relative Mahalanobis distance (Ren et al., 2021)": features.relative_mahalanobis,
        "5th nearest neighbour (Sun et al., 2022)": features.nearest_neighbour,
    }


def _largest_probability(_: Pixels, outputs: NetworkOutput) -> np.ndarray:
    return -outputs.probabilities.max(axis=1)


class _FeatureScores:
    """Scores from the features of training images."""

    def __init__(self, bundle: Bundle, network: Network, train: Split) -> None:
        # Imported here, because Keras takes seconds to load and no other section needs it.
        import keras

        dense = keras.models.load_model(bundle.keras_file, compile=False).layers[-1]
        self._kernel, self._bias = dense.get_weights()
        labels = train.labels[:TRAINING_IMAGES]
        features = self._features(network(train.images[:TRAINING_IMAGES]))
        self._means = np.stack([features[labels == digit].mean(axis=0) for digit in range(CLASSES)])
        self._mean = features.mean(axis=0)
        self._class_whitening = _whitening(features - self._means[labels])
        self._overall_whitening = _whitening(features - self._mean)
        self._unit_features = features / np.linalg.norm(features, axis=1, keepdims=True)

    def _features(self, outputs: NetworkOutput) -> np.ndarray:
        assert outputs.features is not None
        return outputs.features[:, : len(self._kernel)]

    def energy(self, _: Pixels, outputs: NetworkOutput) -> np.ndarray:
        return -logsumexp(self._features(outputs) @ self._kernel + self._bias, axis=1)

    def mahalanobis(self, _: Pixels, outputs: NetworkOutput) -> np.ndarray:
        whitened = self._features(outputs) @ self._class_whitening
        means = self._means @ self._class_whitening
        return np.min([((whitened - mean) ** 2).sum(axis=1) for mean in means], axis=0)

    def relative_mahalanobis(self, images: Pixels, outputs: NetworkOutput) -> np.ndarray:
        background = ((self._features(outputs) - self._mean) @ self._overall_whitening) ** 2
        return self.mahalanobis(images, outputs) - background.sum(axis=1)

    def nearest_neighbour(self, _: Pixels, outputs: NetworkOutput) -> np.ndarray:
        features = self._features(outputs)
        features = features / np.linalg.norm(features, axis=1, keepdims=True)
        blocks = np.array_split(features, max(1, len(features) // _BLOCK))
        return -np.concatenate(
            [np.partition(block @ self._unit_features.T, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS] for block in blocks]
        )


def _whitening(centred: np.ndarray) -> np.ndarray:
    """Return a matrix that turns the shrunk covariance of the rows into the identity."""
    covariance = np.cov(centred.T)
    size = len(covariance)
    shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * np.trace(covariance) / size * np.eye(size)
    return np.linalg.cholesky(np.linalg.inv(shrunk))
