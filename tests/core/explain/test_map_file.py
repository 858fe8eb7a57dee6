"""A map is read only if it is complete and belongs to this network and these images."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
import pytest

from core.classifier.bundle import Bundle
from core.data.datasets import Split
from core.errors import BundleError
from core.explain import map_file
from core.explain.embedding_map import EmbeddingMap
from core.explain.map_file import bundle_fingerprint, read_map, write_map
from core.workspace import Workspace

TRAIN = Split(np.zeros((6, 28, 28), np.uint8), np.arange(6, dtype=np.uint8))
MAP = EmbeddingMap(
    indices=np.array([0, 2, 5]),
    positions=np.array([[0, 0], [1000, -1000], [3, 4]], np.float32),
    features=np.ones((3, 4), np.float16),
    labels=np.array([0, 2, 5], np.uint8),
    predictions=np.array([0, 2, 9], np.uint8),
    fingerprint="network",
)
NOT_FINITE = np.array([[0, 0], [np.nan, 0], [3, 4]], np.float32)


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def rewrite_with(**changes: object) -> Callable[[Path], None]:
    return lambda path: write_map(path, replace(MAP, **changes))


def remove_labels(path: Path) -> None:
    np.savez(path, **{name: value for name, value in asdict(MAP).items() if name != "labels"})


DAMAGE: dict[str, Callable[[Path], None]] = {
    "truncated": truncate,
    "empty": lambda path: path.write_bytes(b""),
    "without labels": remove_labels,
    "too few positions": rewrite_with(positions=MAP.positions[:2]),
    "not a number": rewrite_with(positions=NOT_FINITE),
    "without landmarks": rewrite_with(
        indices=MAP.indices[:0],
        positions=MAP.positions[:0],
        features=MAP.features[:0],
        labels=MAP.labels[:0],
        predictions=MAP.predictions[:0],
    ),
    "text for predictions": rewrite_with(predictions=np.array(["0", "2", "9"])),
    "a negative index": rewrite_with(indices=np.array([0, 2, -1])),
    "text for positions": rewrite_with(positions=MAP.positions.astype(str)),
    "from another network": rewrite_with(fingerprint="another network"),
    "with other labels": rewrite_with(labels=np.array([0, 2, 4], np.uint8)),
    "from more images": rewrite_with(indices=np.array([0, 2, 6])),
}


def test_a_map_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_map(tmp_path / "map.npz", MAP)

    found = read_map(tmp_path / "map.npz", TRAIN, "network")

    for field in fields(EmbeddingMap):
        assert np.array_equal(getattr(found, field.name), getattr(MAP, field.name))


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_or_stale_map_is_not_read(name: str, tmp_path: Path) -> None:
    write_map(tmp_path / "map.npz", MAP)
    DAMAGE[name](tmp_path / "map.npz")

    with pytest.raises(ValueError, match="map"):
        read_map(tmp_path / "map.npz", TRAIN, "network")


def test_the_oldest_maps_are_removed_from_the_cache(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_file, "_MAX_MAPS", 2)
    paths = [map_file.map_file(workspace, "digits", name) for name in ("first", "second", "third")]

    for age, path in enumerate(paths):
        write_map(path, MAP)
        path.with_suffix(".log").touch()
        os.utime(path, (age, age))
    write_map(paths[2], MAP)

    assert sorted(workspace.cache.iterdir()) == sorted([*paths[1:], *(path.with_suffix(".log") for path in paths[1:])])


def test_model_without_its_network_raises_bundle_error(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="cannot be read"):
        bundle_fingerprint(Bundle(tmp_path))
