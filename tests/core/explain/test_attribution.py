"""Attribution maps add up, find the pixels that matter, and depend on the weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.classifier.bundle import Bundle
from core.data.datasets import CLASSES, Dataset
from core.explain.attribution import (
    Probabilities,
    deletion_curve,
    dot_effects,
    integrated_gradients,
    occlusion,
    sanity_check,
)
from core.explain.keras_reader import load_network, read_network
from core.explain.numpy_network import NumpyNetwork
from core.explain.target import Target
from core.workspace import SHIPPED_BUNDLE
from tests.support.tiny_networks import ARCHITECTURES, save_random_model


@pytest.fixture(scope="module")
def network() -> NumpyNetwork:
    return load_network(Bundle(SHIPPED_BUNDLE))


@pytest.fixture
def one() -> np.ndarray:
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 13:15] = 255
    return image


def pixel_reader(row: int, column: int) -> Probabilities:
    """Return a function whose probability of 7 depends on one pixel only: 0.1 when blank, 0.9 when full."""

    def probabilities(images: np.ndarray) -> np.ndarray:
        seven = 0.1 + 0.8 * images[:, row, column] / 255
        found = np.repeat((1 - seven)[:, np.newaxis] / (CLASSES - 1), CLASSES, axis=1)
        found[:, 7] = seven
        return found.astype(np.float32)

    return probabilities


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("target", ["logit", "probability", "log_odds"])
def test_integrated_gradients_add_up(architecture: str, target: Target, tmp_path: Path) -> None:
    network = read_network(save_random_model(tmp_path, architecture)[1])
    image = np.random.default_rng(1).integers(0, 256, (28, 28), np.uint8)

    found = integrated_gradients(network, image, 2, target, steps=400)

    assert found.map.sum() == pytest.approx(found.end - found.start, abs=0.01 * float(np.abs(found.map).sum()))


def test_maps_of_digits_add_up_with_default_steps(network: NumpyNetwork, mnist: Dataset) -> None:
    for image, label in zip(mnist.validation.images[:20], mnist.validation.labels, strict=False):
        found = integrated_gradients(network, image, int(label))

        assert found.map.sum() == pytest.approx(found.end - found.start, rel=0.05)


def test_pixels_without_ink_have_no_integrated_gradient(network: NumpyNetwork, one: np.ndarray) -> None:
    found = integrated_gradients(network, one, 1).map

    assert not found[one == 0].any()
    assert found[one > 0].any()


def test_occlusion_finds_the_pixel_that_matters(one: np.ndarray) -> None:
    found = occlusion(pixel_reader(10, 13), one, 7)

    assert found[10, 13] == found.max() > 1
    assert found[10, 25] == found[20, 13] == 0


def test_dot_finds_the_blank_place_that_matters(one: np.ndarray) -> None:
    found = dot_effects(pixel_reader(6, 20), one, 7)

    assert found[6, 20] == found.max() > 1
    assert found[20, 4] == 0
    assert not found[one > 0].any()


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 1))
def test_deletion_goes_from_the_drawing_to_blank(seed: int, density: float) -> None:
    rng = np.random.default_rng(seed)
    image = np.where(rng.random((28, 28)) < density, rng.integers(1, 256, (28, 28)), 0).astype(np.uint8)
    image[14, 14] = 9  # never blank

    def remaining_ink(images: np.ndarray) -> np.ndarray:
        fractions = images.sum(axis=(1, 2), dtype=np.int64) / image.sum(dtype=np.int64)
        return np.repeat(fractions[:, np.newaxis], CLASSES, axis=1).astype(np.float32)

    curve = deletion_curve(remaining_ink, image, rng.random((28, 28)), 3)

    assert (np.diff(curve.fractions) >= 0).all()
    assert curve.fractions[[0, -1]] == pytest.approx([0, 1])
    assert curve.probabilities == pytest.approx(1 - curve.fractions, abs=1e-5)


def test_good_ranking_has_a_smaller_area_than_its_opposite(network: NumpyNetwork, mnist: Dataset) -> None:
    image, label = mnist.validation.images[0], int(mnist.validation.labels[0])
    ranking = integrated_gradients(network, image, label).map

    found, opposite = (deletion_curve(network.probabilities, image, order, label) for order in (ranking, -ranking))

    assert found.area < opposite.area / 2


def test_maps_with_shuffled_weights_are_different(network: NumpyNetwork, mnist: Dataset) -> None:
    image, label = mnist.validation.images[0], int(mnist.validation.labels[0])

    steps = sanity_check(network, image, label)

    assert [len(step.layers) for step in steps] == list(range(1, 8))
    assert steps[-1].layers[0].startswith("Dense layer")
    assert all(abs(step.correlation) < 0.8 for step in steps)


def test_sanity_check_leaves_the_network_unchanged(network: NumpyNetwork, one: np.ndarray) -> None:
    before = network.logits(one[np.newaxis])

    sanity_check(network, one, 1)

    assert np.array_equal(network.logits(one[np.newaxis]), before)
