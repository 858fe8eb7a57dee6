"""A bundle that is copied out of its run: with the answers after each epoch, and with nothing of an older model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.classifier.bundle import Bundle, copy_bundle
from core.errors import BundleError
from core.runs.run import Run


def test_answers_of_the_epochs_are_copied_along(run: Run, tmp_path: Path) -> None:
    copy = copy_bundle(run.bundle, tmp_path / "copy", run.answers_file)

    answers, said = copy.answers(), run.answers()
    assert answers is not None
    assert said is not None
    assert np.array_equal(answers.predictions, said.predictions)
    assert copy.answers_file in copy.files
    again = copy_bundle(copy, tmp_path / "again")
    assert again.answers_file.read_bytes() == run.answers_file.read_bytes()


def test_answers_of_the_model_that_lay_there_before_go_with_it(run: Run, tmp_path: Path) -> None:
    copy_bundle(run.bundle, tmp_path, run.answers_file)

    copy = copy_bundle(run.bundle, tmp_path)

    assert copy.answers() is None
    assert copy.complete


def test_damaged_answers_are_said_in_a_sentence(tmp_path: Path) -> None:
    bundle = Bundle(tmp_path)
    bundle.answers_file.write_bytes(b"PK\x03\x04 no archive")

    with pytest.raises(BundleError, match=r"damaged answers\.npz"):
        bundle.answers()
