"""Attribution maps: the pixels of a drawing that count for or against a digit, and tests of these maps.

Integrated gradients are the main method; occlusion gives a second opinion. On the shipped model, deleting the 30% of
ink that a map ranks highest lowers the predicted digit's probability to 0.35 with integrated gradients, to 0.31 with
occlusion and to 0.85 in a random order (`make bench ARGS=inside`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from core.explain.layers import Convolution, Dense, DepthwiseConvolution, Layer
from core.explain.numpy_network import NumpyNetwork
from core.explain.target import Target, target_values
from core.ink.drawing import IMAGE_SIZE

STEPS = 48
"""Points on the integration path; maps then satisfy completeness to within 0.8% on average, and 6% at most.

With 32 points, the errors on the shipped model are 1.3% and 13% (`make bench ARGS=inside`)."""

PATCH = 5
"""Side in pixels of an occluding square; a stroke is 2 to 3 pixels wide."""

_DOT_SIGMA = 0.9
"""Standard deviation in pixels of an added dot of ink; it looks about as wide as a stroke."""

DELETION_STEPS = 20
"""Points on a deletion curve, not counting the complete drawing."""

Probabilities = Callable[[np.ndarray], np.ndarray]
"""Function from images uint8 (n, 28, 28) to probabilities (n, 10): a `Predictor`'s or a `NumpyNetwork`'s."""


@dataclass(frozen=True)
class Attribution:
    """An attribution map float32 (28, 28) for one digit; positive pixels count for it.

    `start` and `end`: the target's value for a blank image and for the drawing. The map sums to `end` -
    `start` (completeness), up to the error of the numerical integration.
    """

    map: np.ndarray
    start: float
    end: float


def integrated_gradients(
    network: NumpyNetwork, image: np.ndarray, digit: int, target: Target = "logit", steps: int = STEPS
) -> Attribution:
    """Return the integrated gradients (Sundararajan et al., 2017) of an image uint8 (28, 28), from a blank image.

    Gradients are averaged along the straight path from blank to the drawing, at the midpoints of `steps` equal parts.
    Pixels without ink get 0; `dot_effects` covers them.
    """
    pixels = image.astype(np.float32) / np.float32(255)
    fractions = (np.arange(steps, dtype=np.float32) + np.float32(0.5)) / np.float32(steps)
    gradient = network.gradient(fractions[:, np.newaxis, np.newaxis] * pixels, digit, target).mean(axis=0)
    ends = network.logits(np.stack([np.zeros_like(pixels), pixels]))
    start, end = target_values(ends, digit, target, network.temperature)
    return Attribution(gradient * pixels, float(start), float(end))


def occlusion(probabilities: Probabilities, image: np.ndarray, digit: int, stride: int = 2) -> np.ndarray:
    """Return the mean drop in a digit's log odds when a square over each pixel is erased, float32 (28, 28).

    Occlusion (Zeiler and Fergus, 2014) with squares of PATCH pixels, `stride` pixels apart: 196 images for a
    stride of 2. Each pixel gets the mean over the squares that cover it.
    """
    starts = np.arange(-(PATCH // 2), IMAGE_SIZE - PATCH // 2, stride)
    covered = np.zeros((len(starts) ** 2, IMAGE_SIZE, IMAGE_SIZE), bool)
    for index, (row, column) in enumerate(np.ndindex(len(starts), len(starts))):
        top, left = starts[row], starts[column]
        covered[index, max(top, 0) : top + PATCH, max(left, 0) : left + PATCH] = True
    drops = _log_odds(probabilities, image, digit) - _log_odds(
        probabilities, np.where(covered, np.uint8(0), image), digit
    )
    total = np.tensordot(drops, covered, 1)
    return (total / np.maximum(covered.sum(axis=0), 1)).astype(np.float32)


def dot_effects(probabilities: Probabilities, image: np.ndarray, digit: int, stride: int = 2) -> np.ndarray:
    """Return the increase in a digit's log odds when a dot of ink is added at each pixel, float32 (28, 28).

    The counterpart of occlusion, for pixels without ink. Dots are `stride` pixels apart, and values between them are
    interpolated; pixels with ink get 0.
    """
    centres = np.arange(0, IMAGE_SIZE, stride)
    rows = np.exp(-(((np.arange(IMAGE_SIZE) - centres[:, np.newaxis]) / _DOT_SIGMA) ** 2) / 2)
    dots = (rows[:, np.newaxis, :, np.newaxis] * rows[np.newaxis, :, np.newaxis, :] * 255).astype(np.uint8)
    dotted_images = np.maximum(image, dots.reshape(-1, IMAGE_SIZE, IMAGE_SIZE))
    increases = (_log_odds(probabilities, dotted_images, digit) - _log_odds(probabilities, image, digit)).reshape(
        len(centres), -1
    )
    places = np.arange(IMAGE_SIZE) / stride
    effects = ndimage.map_coordinates(increases, np.meshgrid(places, places, indexing="ij"), order=1, mode="nearest")
    return np.where(image > 0, 0, effects).astype(np.float32)


def _log_odds(probabilities: Probabilities, images: np.ndarray, digit: int) -> np.ndarray:
    """Return the log odds of a digit, float64 (n,); clipped, because float32 probabilities reach 0 and 1."""
    predicted = probabilities(images.reshape(-1, IMAGE_SIZE, IMAGE_SIZE))
    digit_probabilities = predicted[:, digit].astype(np.float64)
    others = np.delete(predicted, digit, axis=1).sum(axis=1, dtype=np.float64)
    tiny = float(np.finfo(np.float32).tiny)
    return np.log(np.maximum(digit_probabilities, tiny)) - np.log(np.maximum(others, tiny))


@dataclass(frozen=True)
class DeletionCurve:
    """A digit's probability, float32 (n,), as increasing `fractions` of a drawing's ink, 0..1, are deleted."""

    fractions: np.ndarray
    probabilities: np.ndarray

    @property
    def area(self) -> float:
        """Mean probability over all fractions, 0..1; a map that ranks the ink well has a small area."""
        return float(np.trapezoid(self.probabilities, self.fractions))


def deletion_curve(
    probabilities: Probabilities, image: np.ndarray, ranking: np.ndarray, digit: int, steps: int = DELETION_STEPS
) -> DeletionCurve:
    """Delete ink pixel by pixel, in descending order of `ranking` (28, 28) (Petsiuk et al., 2018).

    `image`: uint8 (28, 28) with ink. Fractions are of the total ink, the sum of all pixels. `ranking`: an attribution
    map, or random numbers as a baseline.
    """
    order = np.argsort(-ranking, axis=None, kind="stable")
    order = order[image.ravel()[order] > 0]
    deleted_ink = np.cumsum(image.ravel()[order], dtype=np.int64)
    counts = np.searchsorted(deleted_ink, np.linspace(0, deleted_ink[-1], steps + 1))
    counts[1:] += 1
    images = np.repeat(image.reshape(1, -1), steps + 1, axis=0)
    for row, count in zip(images, counts, strict=True):
        row[order[:count]] = 0
    fractions = 1 - images.sum(axis=1, dtype=np.int64) / deleted_ink[-1]
    return DeletionCurve(fractions, probabilities(images.reshape(-1, IMAGE_SIZE, IMAGE_SIZE))[:, digit])


@dataclass(frozen=True)
class SanityStep:
    """The map after the weights of `layers` were shuffled, and its rank correlation with the original map, -1..1."""

    layers: tuple[str, ...]
    map: np.ndarray
    correlation: float


def sanity_check(network: NumpyNetwork, image: np.ndarray, digit: int, seed: int = 0) -> list[SanityStep]:
    """Shuffle the weights of more and more layers, from the last to the first, and compare the attribution maps.

    Cascading randomisation (Adebayo et al., 2018): a map that stays the same does not explain the network. Spearman
    correlations are computed over the pixels with ink, between maps from `integrated_gradients`.
    """
    rng, ink = np.random.default_rng(seed), image > 0
    original_map = integrated_gradients(network, image, digit).map
    layers, titles, steps = list(network.layers), [], []
    for index in reversed(range(len(layers))):
        layer = layers[index]
        if isinstance(layer, Convolution | Dense | DepthwiseConvolution):
            layers[index] = _shuffle(layer, rng)
            titles.append(layer.title)
            shuffled_map = integrated_gradients(NumpyNetwork(tuple(layers)), image, digit).map
            steps.append(
                SanityStep(tuple(titles), shuffled_map, _rank_correlation(original_map[ink], shuffled_map[ink]))
            )
    return steps


def _shuffle(layer: Convolution | Dense | DepthwiseConvolution, rng: np.random.Generator) -> Layer:
    return replace(layer, kernel=rng.permutation(layer.kernel.ravel()).reshape(layer.kernel.shape))


def _rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's rank correlation of two arrays (n,), or 0 if one of them is constant."""
    # Imported here, so that the dashboard starts faster.
    from scipy.stats import spearmanr

    if len(first) < 2 or not np.ptp(first) or not np.ptp(second):
        return 0.0
    return float(spearmanr(first, second).statistic)
