"""Folds, and the files of out-of-fold probabilities."""

from __future__ import annotations

import dataclasses

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.court.out_of_fold import (
    FoldFiles,
    OutOfFold,
    fold_numbers,
    labelled_images,
    out_of_fold_file,
    read_out_of_fold,
    split_and_index,
    write_out_of_fold,
)
from core.workspace import Workspace
from tests.support.tiny_dataset import tiny_dataset

DATASET = tiny_dataset()


@given(st.lists(st.integers(0, 9), max_size=200), st.integers(2, 7))
def test_folds_have_equally_many_images_of_each_digit(digits: list[int], folds: int) -> None:
    labels = np.array(digits, np.uint8)

    numbers = fold_numbers(labels, folds)

    assert len(numbers) == len(labels)
    for members in (labels >= 0, *(labels == digit for digit in range(10))):
        counts = np.bincount(numbers[members], minlength=folds)
        assert len(counts) == folds
        assert counts.max() - counts.min() <= 1


def test_probabilities_are_read_as_written(workspace: Workspace) -> None:
    data = labelled_images(DATASET)
    result = OutOfFold(DATASET.fingerprint, "fast", np.eye(10, dtype=np.float32)[data.labels], data.labels)

    write_out_of_fold(workspace, "digits", result)

    path = out_of_fold_file(workspace, "digits")
    loaded = read_out_of_fold(path, DATASET)
    assert loaded is not None
    assert (loaded.fingerprint, loaded.preset) == (result.fingerprint, "fast")
    np.testing.assert_array_equal(loaded.probabilities, result.probabilities)
    assert read_out_of_fold(path, dataclasses.replace(DATASET, fingerprint="another")) is None
    path.write_bytes(path.read_bytes()[:500])
    assert read_out_of_fold(path, DATASET) is None


def test_images_keep_their_split_and_index() -> None:
    data = labelled_images(DATASET)

    for number in (0, len(DATASET.train) - 1, len(DATASET.train), len(data) - 1):
        split, index = split_and_index(DATASET, number)
        np.testing.assert_array_equal(DATASET.split(split).images[index], data.images[number])
        assert DATASET.split(split).labels[index] == data.labels[number]


def test_damaged_fold_is_not_read(workspace: Workspace) -> None:
    files = FoldFiles(workspace.cache / "folds" / "some")
    files.write(0, np.eye(10, dtype=np.float32))

    assert files.read(0, images=10) is not None
    assert files.read(0, images=9) is None
    assert files.read(1, images=10) is None
    files.write(0, np.zeros((10, 10), np.float32))
    assert files.read(0, images=10) is None
