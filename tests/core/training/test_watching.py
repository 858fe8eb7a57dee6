"""The watched validation images: two of each digit, an easy one and a harder one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.data.datasets import Split, load_dataset
from core.runs.own_drawing import OwnDrawing
from core.runs.registry import create_run
from core.runs.watched import Prediction, read_watched
from core.training.watching import Watching, _hardness, choose_watched
from core.workspace import Workspace
from tests.support.tiny_training import tiny_config


def test_an_easy_and_a_hard_image_of_each_digit_are_watched() -> None:
    digits = load_dataset("digits", Workspace(Path("unused")))

    indices = choose_watched(digits.train, digits.validation, 500, seed=3)

    labels = digits.validation.labels
    easy, hard = indices[:10], indices[10:]
    assert labels[easy].tolist() == labels[hard].tolist() == list(range(10))
    assert len(set(indices.tolist())) == 20
    hardness = _hardness(digits.validation.images, labels, digits.train)
    assert (hardness[hard] > hardness[easy]).all()
    assert np.array_equal(indices, choose_watched(digits.train, digits.validation, 500, seed=3))
    assert not np.array_equal(indices, choose_watched(digits.train, digits.validation, 500, seed=4))


def test_only_digits_that_occur_are_watched() -> None:
    images = np.zeros((4, 28, 28), np.uint8)
    images[1:] = 90
    split = Split(images, np.array([2, 7, 7, 7], np.uint8))

    indices = choose_watched(split, split, 500, seed=0)

    assert split.labels[indices].tolist() == [2, 7, 2, 7]


def test_predictions_are_published_even_if_training_diverges(workspace: Workspace) -> None:
    run = create_run(workspace, tiny_config())
    split = Split(np.zeros((3, 28, 28), np.uint8), np.array([5, 6, 7], np.uint8))
    drawing = OwnDrawing(np.full((28, 28), 9, np.uint8), 4)
    watching = Watching(run, split, np.array([2, 0]), drawing)

    watching.write(np.array([7, 1, 4], np.uint8), np.array([1.0000001, np.nan, 0.5], np.float32))

    watched = read_watched(run.watched_file)
    assert watched is not None
    assert [(image.index, image.label) for image in watched.images] == [(2, 7), (0, 5)]
    assert [image.prediction for image in watched.images] == [
        Prediction(digit=7, confidence=1),
        Prediction(digit=1, confidence=0),
    ]
    assert watched.drawing == Prediction(digit=4, confidence=0.5)
    assert watching.images[-1].tolist() == drawing.image.tolist()
