"""Copies of bundles include the predictions after each epoch, and no files from an earlier model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.classifier.bundle import Bundle, copy_bundle
from core.errors import BundleError
from core.runs.run import Run


def test_epoch_predictions_are_copied(run: Run, tmp_path: Path) -> None:
    copy = copy_bundle(run.bundle, tmp_path / "copy", run.epoch_predictions_file)

    copied, original = copy.epoch_predictions(), run.epoch_predictions()
    assert copied is not None
    assert original is not None
    assert np.array_equal(copied.predictions, original.predictions)
    assert copy.epoch_predictions_file in copy.files
    second_copy = copy_bundle(copy, tmp_path / "second")
    assert second_copy.epoch_predictions_file.read_bytes() == run.epoch_predictions_file.read_bytes()


def test_epoch_predictions_from_an_earlier_model_are_removed(run: Run, tmp_path: Path) -> None:
    copy_bundle(run.bundle, tmp_path, run.epoch_predictions_file)

    copy = copy_bundle(run.bundle, tmp_path)

    assert copy.epoch_predictions() is None
    assert copy.complete


def test_damaged_epoch_predictions_raise_bundle_error(tmp_path: Path) -> None:
    bundle = Bundle(tmp_path)
    bundle.epoch_predictions_file.write_bytes(b"PK\x03\x04 not an archive")

    with pytest.raises(BundleError, match=r"answers\.npz of the model in .* is damaged"):
        bundle.epoch_predictions()
