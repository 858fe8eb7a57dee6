"""A run's published predictions and its drawing are stored on disk; damaged files are ignored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.runs.own_drawing import OwnDrawing, read_own_drawing, write_own_drawing
from core.runs.registry import create_run
from core.runs.watched import Prediction, Watched, WatchedImage, read_watched, write_watched
from core.workspace import Workspace
from tests.support.tiny_training import tiny_config

IMAGE = np.arange(784, dtype=np.uint16).astype(np.uint8).reshape(28, 28)
PREDICTION = Prediction(digit=3, confidence=0.75)
WATCHED = Watched(images=(WatchedImage(index=7, label=5, prediction=PREDICTION),), drawing=PREDICTION)


def test_stored_predictions_are_read_back(tmp_path: Path) -> None:
    write_watched(tmp_path / "watched.json", WATCHED)

    assert read_watched(tmp_path / "watched.json") == WATCHED


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", bytes(range(256)), WATCHED.model_dump_json().replace("0.75", "7.5").encode(), b"[" * 100_000],
)
def test_damaged_predictions_are_ignored(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "watched.json"
    path.write_bytes(content)

    assert read_watched(path) is None
    assert read_watched(tmp_path / "missing.json") is None


@pytest.mark.parametrize("digit", [4, None])
def test_run_keeps_the_drawing_it_was_created_with(workspace: Workspace, digit: int | None) -> None:
    run = create_run(workspace, tiny_config(), OwnDrawing(IMAGE, digit))

    drawing = read_own_drawing(run.drawing_file)
    assert drawing is not None
    assert (drawing.image.tolist(), drawing.digit) == (IMAGE.tolist(), digit)
    assert read_own_drawing(create_run(workspace, tiny_config()).drawing_file) is None


def test_damaged_drawing_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "drawing.npz"
    write_own_drawing(path, OwnDrawing(IMAGE, 4))
    content = path.read_bytes()

    path.write_bytes(content[: len(content) // 2])
    assert read_own_drawing(path) is None
    for arrays in ({"image": IMAGE}, {"image": IMAGE[:9], "digit": 4}, {"image": IMAGE, "digit": 77}):
        with path.open("wb") as file:
            np.savez(file, **arrays)
        assert read_own_drawing(path) is None
