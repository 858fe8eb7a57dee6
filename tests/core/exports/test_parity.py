"""The comparison counts changed digits and verdicts, and describes a failure in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.classifier.predictor import Verdict
from core.exports.parity import Answers, Parity, read_parity, write_parity
from core.language import Message

VERDICTS: list[Verdict] = ["digit", "unsure", "digit"]


def sure_of(*digits: int) -> np.ndarray:
    """Return probabilities (n, 10) of 0.91 for these digits, and 0.01 for all others."""
    return np.full((len(digits), 10), 0.01) + 0.9 * np.eye(10)[list(digits)]


@pytest.fixture
def parity() -> Parity:
    return Parity.of_reference("MNIST", b"drawing", Answers(sure_of(1, 2, 3), VERDICTS, 0.5))


def test_changes_are_counted(parity: Parity) -> None:
    other = Answers(sure_of(1, 7, 3), ["digit", "digit", "not_a_digit"], 0.1)

    way = parity.with_way(".onnx", other).ways[-1]

    assert (way.changed_digits, way.changed_verdicts) == (1, 2)
    assert way.difference == pytest.approx(0.9)


def test_failure_names_the_way_with_a_changed_verdict(parity: Parity) -> None:
    changed = parity.with_way(".onnx", Answers(sure_of(1, 2, 3), ["digit", "unsure", "unsure"], 0.1))

    assert parity.failure is None
    assert changed.failure == (
        "1 of 3 pictures gets a different digit or verdict from .onnx than from the .keras file: for example, "
        "3, a digit with 91.0% confidence becomes 3, a close call with 91.0%. Use the .keras file, or train again."
    )


def test_changed_digit_with_the_same_verdict_is_a_failure(parity: Parity) -> None:
    changed = parity.with_way(".onnx", Answers(sure_of(1, 2, 9), list(parity.verdicts), 0.1))

    assert (changed.ways[-1].changed_digits, changed.ways[-1].changed_verdicts) == (1, 0)
    assert "becomes 9" in str(changed.failure)


def test_way_that_cannot_run_is_not_a_failure(parity: Parity) -> None:
    report = parity.with_way(".onnx", Message("There is no ONNX file yet. Create it first."))

    assert report.failure is None
    assert report.ways[-1].difference is None


def test_second_result_of_a_way_replaces_the_first(parity: Parity) -> None:
    report = parity.with_way("Gradio", Message("Busy.")).with_way(
        "Gradio", Answers(sure_of(1, 2), ["digit", "unsure"], 2.0)
    )

    assert [way.problem for way in report.ways if way.name == "Gradio"] == [None]
    assert report.ways[-1].changed_verdicts == 0


def test_stored_comparison_is_read_back(parity: Parity, tmp_path: Path) -> None:
    write_parity(tmp_path / "parity.json", parity)

    assert read_parity(tmp_path / "parity.json") == parity


@pytest.mark.parametrize("damage", [b"", b"{", b'{"ways": []}'])
def test_damaged_comparison_is_ignored(damage: bytes, tmp_path: Path) -> None:
    (tmp_path / "parity.json").write_bytes(damage)

    assert read_parity(tmp_path / "parity.json") is None


def test_comparison_with_missing_verdicts_is_ignored(parity: Parity, tmp_path: Path) -> None:
    write_parity(tmp_path / "parity.json", parity.model_copy(update={"verdicts": ("digit",)}))

    assert read_parity(tmp_path / "parity.json") is None
