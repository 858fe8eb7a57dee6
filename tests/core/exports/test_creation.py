"""An exported model predicts what the Keras model predicts, or it is discarded."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor
from core.data.datasets import load_dataset, normalise
from core.errors import ExportError
from core.explain.keras_reader import read_network
from core.exports.creation import check_agreement, create
from core.exports.folder import Exports, remove_old_files
from core.exports.onnx_graph import OnnxNetwork
from core.exports.pictures import fixed_images
from core.runs.run import Run
from core.workspace import SHIPPED_BUNDLE, Workspace


def test_both_formats_predict_what_the_network_predicts(run: Run, workspace: Workspace, tmp_path: Path) -> None:
    images = fixed_images(load_dataset("digits", workspace))[:20]
    expected = read_network(run.bundle.keras_file).probabilities(images)

    onnx_probabilities = OnnxNetwork(create(workspace, run.bundle, "onnx"))(normalise(images))
    with zipfile.ZipFile(create(workspace, run.bundle, "savedmodel")) as archive:
        archive.extractall(tmp_path)
    saved_model = tf.saved_model.load(str(tmp_path / "mnist_model"))

    assert onnx_probabilities == pytest.approx(expected, abs=1e-5)
    assert saved_model.serve(normalise(images)).numpy() == pytest.approx(expected, abs=1e-5)
    names = {path.name for path in Exports(workspace, run.bundle).folder.iterdir()}
    assert names == {"mnist_model.onnx", "mnist_model.savedmodel.zip"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda found: np.roll(found, 1, axis=1), "a different digit for 20 of 20 images"),
        (lambda found: np.full_like(found, np.nan), "differ from the Keras model's by up to nan"),
        (lambda found: found + np.float32(0.01), "a different digit for 0 of 20 images"),
    ],
)
def test_export_that_differs_is_rejected(change: Callable[[np.ndarray], np.ndarray], message: str) -> None:
    bundle, images = Bundle(SHIPPED_BUNDLE), np.random.default_rng(4).integers(0, 256, (20, 28, 28), np.uint8)
    expected = read_network(bundle.keras_file).probabilities(images)
    check_agreement("ONNX", Predictor(bundle), images, expected, expected)

    with pytest.raises(ExportError, match=message):
        check_agreement("ONNX", Predictor(bundle), images, expected, change(expected))


def test_change_in_the_verdict_alone_is_rejected() -> None:
    predictor = Predictor(Bundle(SHIPPED_BUNDLE))
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 4:24, 13:15] = 255
    confidences = np.linspace(0.3, 0.999, 4000, dtype=np.float32)
    rows = np.zeros((len(confidences), 10), np.float32)
    rows[:, 1], rows[:, 7] = confidences, 1 - confidences
    verdicts = predictor.judge(np.repeat(image, len(rows), axis=0), rows)[1]
    edge = next(
        index
        for index in range(1, len(rows))
        if {verdicts[index - 1], verdicts[index]} == {"unsure", "digit"} and confidences[index - 1] > 0.5
    )

    with pytest.raises(ExportError, match="changes the digit or the verdict of 1 of 1 images"):
        check_agreement("ONNX", predictor, image, rows[edge - 1 : edge], rows[edge : edge + 1])


def test_oldest_exports_and_leftovers_are_removed(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.exports.folder.MAX_FOLDERS", 2)
    for name in ("old", "kept", "new"):
        (workspace.exports / name).mkdir(parents=True)
        (workspace.exports / name / ".mnist_model.onnx.half").touch()
    (workspace.exports / "new" / "mnist_model.onnx").touch()

    remove_old_files(workspace, "kept")

    remaining = {str(path.relative_to(workspace.exports)) for path in workspace.exports.rglob("*")}
    assert "kept" in remaining
    assert len([name for name in remaining if "/" not in name]) == 2
    assert not any("half" in name for name in remaining)
