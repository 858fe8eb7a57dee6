"""Features are computed once for each network and dataset, and again if their file is damaged."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.classifier.bundle import Bundle
from core.classifier.network import Network
from core.data.datasets import Dataset, load_dataset
from core.explain import feature_file
from core.explain.feature_file import features_file, read_features, split_features
from core.explain.neighbours import image_features, load_feature_network
from core.workspace import SHIPPED_BUNDLE, Workspace

BUNDLE = Bundle(SHIPPED_BUNDLE)
NETWORK = load_feature_network(BUNDLE)
IMAGES = np.random.default_rng(4).integers(0, 256, (20, 28, 28), np.uint8)
FEATURES = image_features(NETWORK, BUNDLE.card(), IMAGES)

DAMAGE: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path: path.write_bytes(b""),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "without features": lambda path: np.savez(path, other=FEATURES),
    "too few images": lambda path: np.savez(path, features=FEATURES[1:]),
    "text": lambda path: np.savez(path, features=FEATURES.astype(str)),
    "one number per image": lambda path: np.savez(path, features=FEATURES[:, 0]),
    "not a number": lambda path: np.savez(path, features=FEATURES * np.float16(np.nan)),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with the features of IMAGES."""
    path = tmp_path / "cache" / "features-new.npz"
    split_features(path, BUNDLE.card(), NETWORK, IMAGES)
    return path


def test_features_are_computed_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(feature_file, "image_features")

    assert np.array_equal(split_features(path, BUNDLE.card(), NETWORK, IMAGES), FEATURES)


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damaged_features_are_computed_again(path: Path, damage: Callable[[Path], object]) -> None:
    damage(path)

    found = split_features(path, BUNDLE.card(), NETWORK, IMAGES)

    assert np.array_equal(found, FEATURES)
    assert path.is_dir() or np.array_equal(read_features(path, len(IMAGES)), FEATURES)


def test_features_need_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_READONLY", "1")

    found = split_features(tmp_path / "cache" / "features.npz", BUNDLE.card(), NETWORK, IMAGES)

    assert np.array_equal(found, FEATURES)
    assert list(tmp_path.iterdir()) == []


def test_each_network_and_dataset_has_its_own_features(workspace: Workspace, tmp_path: Path) -> None:
    digits = load_dataset("digits", workspace)
    other_digits: Dataset = replace(digits, fingerprint="f" * 64)
    longer_file = tmp_path / "network.tflite"
    longer_file.write_bytes(BUNDLE.tflite_file.read_bytes() + b"x")

    paths = {
        features_file(workspace, network, data, split)
        for network in (NETWORK, Network(longer_file))
        for data in (digits, other_digits)
        for split in ("train", "test")
    }

    assert len(paths) == 2 * 2 * 2
    assert features_file(workspace, NETWORK, digits, "test") in paths


def test_the_oldest_features_are_removed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_file, "_MAX_BYTES", 2.5 * path.stat().st_size)
    path.unlink()

    for age in (300, 200, 100):
        old_file = path.with_name(f"features-{age}.npz")
        split_features(old_file, BUNDLE.card(), NETWORK, IMAGES)
        modified = old_file.stat().st_mtime - age
        os.utime(old_file, (modified, modified))
    split_features(path, BUNDLE.card(), NETWORK, IMAGES)

    assert sorted(file.name for file in path.parent.iterdir()) == ["features-100.npz", "features-new.npz"]


def test_features_that_cannot_be_removed_do_no_harm(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_file, "_MAX_BYTES", 0)
    path.with_name("features-0.npz").mkdir()
    os.utime(path.with_name("features-0.npz"), (0, 0))
    path.unlink()

    assert np.array_equal(split_features(path, BUNDLE.card(), NETWORK, IMAGES), FEATURES)
