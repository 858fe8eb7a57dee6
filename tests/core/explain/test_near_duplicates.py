"""Near duplicates are found exactly, listed once and cached without loss."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.datasets import Dataset, Split
from core.explain.duplicates_file import read_duplicates, write_duplicates
from core.explain.near_duplicates import (
    SPLIT_PAIRS,
    NearDuplicates,
    Pairs,
    appearance,
    closest_pairs,
    find_near_duplicates,
    identical,
)

DARKER, BLANK = 5, 6


def vectors(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 3, (count, 5)).astype(np.float32)


def distances_to(others: np.ndarray, vector: np.ndarray) -> np.ndarray:
    return np.linalg.norm(others - vector, axis=1)


def split(seed: int, count: int) -> Split:
    """Return random blots of ink, some of which touch the edges."""
    images = np.random.default_rng(seed).integers(0, 256, (count, 7, 7), np.uint8).repeat(4, axis=1).repeat(4, axis=2)
    return Split(images, (np.arange(count) % 10).astype(np.uint8))


@pytest.fixture(scope="module")
def blots() -> Dataset:
    """Random images; test image 3 is training image 7, test image 5 a darker copy of it, and test image 6 blank."""
    train, test = split(1, 40), split(2, 20)
    test.images[3] = train.images[7]
    test.images[DARKER] = train.images[7] // 4 * 2
    test.images[BLANK] = 0
    return Dataset("digits", "blots", "drawn here", "0" * 64, train, split(3, 10), test)


@pytest.fixture(scope="module")
def duplicates(blots: Dataset) -> NearDuplicates:
    return find_near_duplicates(blots)


@given(st.integers(0, 1000), st.integers(0, 30), st.integers(0, 30))
def test_each_vector_is_paired_with_its_nearest(seed: int, count: int, other_count: int) -> None:
    near, far = vectors(seed, count), vectors(seed + 1, other_count)

    first, second = closest_pairs(near, far)

    assert first.tolist() == (list(range(count)) if other_count else [])
    for left, right in zip(first, second, strict=True):
        distances = distances_to(far, near[left])
        assert distances[right] == pytest.approx(distances.min(), abs=1e-3)


@given(st.integers(0, 1000), st.integers(0, 30))
def test_pair_within_a_split_is_listed_once(seed: int, count: int) -> None:
    near = vectors(seed, count)

    first, second = closest_pairs(near)

    pairs = [frozenset(pair) for pair in zip(first.tolist(), second.tolist(), strict=True)]
    assert all(len(pair) == 2 for pair in pairs)
    assert len(pairs) == len(set(pairs))
    assert {index for pair in pairs for index in pair} == (set(range(count)) if count > 1 else set())
    for left, right in zip(first, second, strict=True):
        others = np.delete(distances_to(near, near[left]), left)
        assert distances_to(near, near[left])[right] == pytest.approx(others.min(), abs=1e-3)


def test_copy_in_another_split_comes_first(blots: Dataset, duplicates: NearDuplicates) -> None:
    pairs = duplicates["test", "train"]

    nearest = dict(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    assert set(pairs.first[:2].tolist()) == {3, DARKER}
    assert nearest[3] == nearest[DARKER] == 7
    assert pairs.distances[:2] == pytest.approx(0, abs=0.02)
    assert pairs.distances[2] > 0.1


def test_only_equal_pixels_are_identical(blots: Dataset, duplicates: NearDuplicates) -> None:
    pairs = duplicates["test", "train"]

    assert pairs.first[identical(pairs, blots.test, blots.train)].tolist() == [3]


def test_all_splits_are_compared_nearest_first(duplicates: NearDuplicates) -> None:
    assert set(duplicates) == set(SPLIT_PAIRS)
    for pairs in duplicates.values():
        assert len(pairs)
        assert (np.diff(pairs.distances) >= 0).all()
        assert np.isfinite(pairs.distances).all()


def test_principal_components_find_the_nearest_images(mnist: Dataset) -> None:
    images = mnist.validation.images[:1500]
    small_dataset = Dataset(
        "mnist", "", "", "", Split(images, mnist.validation.labels[:1500]), split(1, 2), split(2, 2)
    )

    pairs = find_near_duplicates(small_dataset)["train", "train"]

    exact = appearance(images)
    products = exact @ exact.T
    np.fill_diagonal(products, -1)
    nearest = np.sqrt(np.maximum(2 - 2 * products.max(axis=1), 0))
    assert pairs.distances == pytest.approx(nearest[pairs.first], rel=0.05)
    assert np.mean(products.argmax(axis=1)[pairs.first] == pairs.second) > 0.99


def test_pairs_survive_the_cache(blots: Dataset, duplicates: NearDuplicates, tmp_path: Path) -> None:
    write_duplicates(tmp_path / "pairs.npz", duplicates)

    loaded = read_duplicates(tmp_path / "pairs.npz", blots)

    for names, pairs in duplicates.items():
        for name, array in vars(pairs).items():
            assert np.array_equal(array, getattr(loaded[names], name))


DAMAGE: dict[str, Callable[[Pairs], Pairs]] = {
    "an index past the end": lambda pairs: Pairs(pairs.first, pairs.second + 40, pairs.distances),
    "a negative index": lambda pairs: Pairs(pairs.first - 1, pairs.second, pairs.distances),
    "a missing index": lambda pairs: Pairs(pairs.first[1:], pairs.second, pairs.distances),
    "another order": lambda pairs: Pairs(pairs.first, pairs.second, pairs.distances[::-1]),
    "not a number": lambda pairs: Pairs(pairs.first, pairs.second, pairs.distances * np.nan),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_pairs_are_rejected(damage: str, blots: Dataset, duplicates: NearDuplicates, tmp_path: Path) -> None:
    damaged = duplicates | {("train", "train"): DAMAGE[damage](duplicates["train", "train"])}
    write_duplicates(tmp_path / "pairs.npz", damaged)

    with pytest.raises(ValueError, match="Near duplicates"):
        read_duplicates(tmp_path / "pairs.npz", blots)
