"""The command `train --folds`."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from core.cli import main
from core.court.out_of_fold import labelled_images, out_of_fold_file, read_out_of_fold
from core.data.datasets import Dataset, Split
from core.workspace import Workspace
from tests.support.tiny_dataset import tiny_dataset

COMMAND = ["train", "--dataset", "digits", "--folds", "3"]


@pytest.fixture
def dataset(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    dataset = tiny_dataset()
    monkeypatch.setattr("core.cli.folds.load_dataset", lambda *_: dataset)
    return dataset


def predictor_contradicting_one_label(dataset: Dataset, index: int) -> Callable[..., np.ndarray]:
    """Return a replacement for `predict_fold` that predicts the label of every image except the one at `index`."""
    data = labelled_images(dataset)
    predictions = {image.tobytes(): int(label) for image, label in zip(data.images, data.labels, strict=True)}
    predictions[data.images[index].tobytes()] = (int(data.labels[index]) + 1) % 10

    def predict(_config: object, train: Split, images: np.ndarray, *_: object) -> np.ndarray:
        assert len(train) + len(images) == len(data)
        return np.eye(10, dtype=np.float32)[[predictions[image.tobytes()] for image in images]]

    return predict


def test_suspicious_label_is_printed_and_stored(
    dataset: Dataset, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    label = int(dataset.train.labels[77])
    monkeypatch.setattr("core.training.folds.predict_fold", predictor_contradicting_one_label(dataset, 77))

    assert main(COMMAND) == 0

    output = capsys.readouterr().out
    assert len(re.findall(r"fold ./3: finished", output)) == 3
    assert f"train-77: label {label}, predicted {(label + 1) % 10} (>99.9%)" in output
    result = read_out_of_fold(out_of_fold_file(workspace, "digits"), dataset)
    assert result is not None
    assert result.suspicious.tolist() == [77]
    assert not workspace.runs.exists()


def test_command_after_an_interruption_skips_completed_folds(
    dataset: Dataset, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    predict, calls = predictor_contradicting_one_label(dataset, 0), []

    def predict_or_interrupt(*arguments: object) -> np.ndarray:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return predict(*arguments)

    monkeypatch.setattr("core.training.folds.predict_fold", predict_or_interrupt)

    assert main(COMMAND) == 130
    assert not out_of_fold_file(workspace, "digits").exists()
    assert main(COMMAND) == 0
    assert len(calls) == 4
    assert main(COMMAND) == 0
    assert len(calls) == 4
    assert main([*COMMAND, "--seed", "7"]) == 0
    assert len(calls) == 7


def test_diverged_training_writes_no_result(
    dataset: Dataset, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("core.training.folds.predict_fold", lambda *arguments: np.full((len(arguments[2]), 10), np.nan))

    assert main(COMMAND) == 1
    assert "Lower --learning-rate" in capsys.readouterr().err
    assert not out_of_fold_file(workspace, "digits").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--folds", "1"], "--folds must be from 2 to 20"),
        (["--teachers", "1"], "Add --teachers 0"),
        (["--output", "somewhere"], "Leave out one of these options"),
    ],
)
def test_conflicting_options_and_wrong_values_are_rejected(
    options: list[str], message: str, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*COMMAND, *options]) == 1
    assert message in capsys.readouterr().err
    assert not workspace.root.exists()
