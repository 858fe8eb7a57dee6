"""Near duplicates: pairs of images that look almost the same.

Two images are compared by their pixels, blurred and scaled to the same length. On MNIST's training and validation
images, the 50 closest pairs (without the 1s, which all look alike) differ by a fraction of a pixel. In a network's
feature space, the 50 closest pairs differ in slant, size and stroke width, because the network ignores these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from core.data.datasets import Dataset, Split
from core.explain.blas import use_one_blas_thread

NEAR = 0.15
"""Largest distance between near duplicates; it is 0 for equal images, and 1.41 for images that share no ink.

Of ten random pairs of MNIST's training and validation images at this distance, all look the same; at 0.19, half of them
differ visibly in stroke width or shape.
"""

SPLIT_PAIRS = (
    ("train", "train"),
    ("validation", "validation"),
    ("test", "test"),
    ("validation", "train"),
    ("test", "train"),
    ("test", "validation"),
)
"""The splits that are compared: each image of the first with its nearest image in the second."""

_BLUR = 0.8
"""Standard deviation of the blur in pixels.

Without blur, one-pixel differences at the edges dominate. At 1.0 and above, an 8 with narrow loops looks like a 1.
"""

_COMPONENTS = 256
"""Number of principal components that are compared.

Of 3,000 of MNIST's training images, 99.8% had the same nearest image of 60,000 as with all 784 pixels; for the others,
the image found was at most 1% more distant. This took a quarter of the time.
"""

_EQUAL_DISTANCE = 1e-3
"""Upper bound on the distance that rounding errors can put between two equal images."""

_BLOCK = 4096
"""Number of images that are blurred at once."""

_PAIR_BLOCK = 256
"""Number of images that are compared with all others at once; the products with 54,000 images take 55 MB."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of images, nearest first: indices `first` and `second` int64 (n,), `distances` float32 (n,)."""

    first: np.ndarray
    second: np.ndarray
    distances: np.ndarray

    def __len__(self) -> int:
        return len(self.first)

    def select(self, chosen: np.ndarray | slice) -> Pairs:
        """Return some of the pairs, chosen by a mask or a slice."""
        return Pairs(self.first[chosen], self.second[chosen], self.distances[chosen])


NearDuplicates = dict[tuple[str, str], Pairs]
"""The closest pairs of images, keyed by the names of their two splits, as in SPLIT_PAIRS."""


def find_near_duplicates(dataset: Dataset) -> NearDuplicates:
    """Return the closest pairs of images within and across the splits.

    Takes about 25 s for MNIST on one core.
    """
    use_one_blas_thread()
    names = dict.fromkeys(name for pair in SPLIT_PAIRS for name in pair)
    splits = {name: dataset.split(name).images for name in names}
    basis = _principal_components(list(splits.values()))
    projections = {name: _project(images, basis) for name, images in splits.items()}
    return {
        (first, second): _with_distances(
            *closest_pairs(projections[first], None if first == second else projections[second]),
            splits[first],
            splits[second],
        )
        for first, second in SPLIT_PAIRS
    }


def closest_pairs(vectors: np.ndarray, others: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Pair each vector float32 (n, d) with its nearest vector in `others` (m, d); return both indices, int64 (k,).

    Without `others`, pair each vector with its nearest other vector; a pair is then listed once.
    """
    skip_self = others is None
    targets = vectors if others is None else others
    if len(targets) <= skip_self:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    nearest = _nearest_indices(vectors, targets, skip_self)
    first = np.arange(len(vectors))
    if skip_self:
        is_mutual = nearest[nearest] == first
        first = first[~is_mutual | (first < nearest)]
    return first, nearest[first]


def identical(pairs: Pairs, first: Split, second: Split) -> np.ndarray:
    """Return a mask of the pairs with equal pixels, bool (n,)."""
    equal = np.zeros(len(pairs), bool)
    for index in np.flatnonzero(pairs.distances < _EQUAL_DISTANCE):
        equal[index] = np.array_equal(first.images[pairs.first[index]], second.images[pairs.second[index]])
    return equal


def appearance(images: np.ndarray) -> np.ndarray:
    """Return the pixels that are compared: images uint8 (n, 28, 28), blurred and scaled to length 1, float32 (n, 784).

    A blank image has length 0.
    """
    blurred = gaussian_filter(images.astype(np.float32), (0, _BLUR, _BLUR)).reshape(len(images), -1)
    lengths = np.linalg.norm(blurred, axis=1, keepdims=True)
    return np.divide(blurred, lengths, out=np.zeros_like(blurred), where=lengths > 0)


def _with_distances(first: np.ndarray, second: np.ndarray, images: np.ndarray, others: np.ndarray) -> Pairs:
    """Measure the distances between paired images over all pixels, and sort the pairs by distance."""
    distances = np.empty(len(first), np.float32)
    for start in range(0, len(first), _BLOCK):
        block = slice(start, start + _BLOCK)
        differences = appearance(images[first[block]]) - appearance(others[second[block]])
        distances[block] = np.linalg.norm(differences, axis=1)
    order = np.argsort(distances, kind="stable")
    return Pairs(first[order], second[order], distances[order])


def _principal_components(groups: list[np.ndarray]) -> np.ndarray:
    """Return the directions in which the appearance of images (n, 28, 28) varies most, float32 (784, k)."""
    moments = np.zeros((28 * 28, 28 * 28))
    for images in groups:
        for start in range(0, len(images), _BLOCK):
            block = appearance(images[start : start + _BLOCK])
            moments += block.T @ block
    _, directions = np.linalg.eigh(moments)
    return directions[:, -_COMPONENTS:].astype(np.float32)


def _project(images: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Return the coordinates of images' appearance in a basis, and the length of the residual, float32 (n, k + 1).

    The distance between two projections is at most that between the images, and close to it.
    """
    blocks = [np.empty((0, basis.shape[1] + 1), np.float32)]
    for start in range(0, len(images), _BLOCK):
        block = appearance(images[start : start + _BLOCK])
        inside = block @ basis
        residual = np.einsum("nd,nd->n", block, block) - np.einsum("nd,nd->n", inside, inside)
        blocks.append(np.column_stack([inside, np.sqrt(np.maximum(residual, 0))]))
    return np.concatenate(blocks)


def _nearest_indices(vectors: np.ndarray, targets: np.ndarray, skip_self: bool) -> np.ndarray:
    """Return the index of each vector's nearest target, int64 (n,)."""
    nearest = np.empty(len(vectors), np.int64)
    lengths = np.einsum("nd,nd->n", targets, targets)
    for start in range(0, len(vectors), _PAIR_BLOCK):
        block = vectors[start : start + _PAIR_BLOCK]
        rows = np.arange(len(block))
        # |a - b|^2 = |a|^2 - 2 ab + |b|^2, where |a|^2 does not change the order.
        squares = block @ targets.T
        squares *= -2
        squares += lengths
        if skip_self:
            squares[rows, start + rows] = np.inf
        nearest[start + rows] = squares.argmin(axis=1)
    return nearest
