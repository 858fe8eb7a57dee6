"""The pen digits are found, verified by their contents and split by writer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.data.pen_digits import (
    HELD_OUT_WRITERS,
    PEN_DIGITS_FINGERPRINT,
    TRAINING_WRITERS,
    available_held_out_digits,
    find_pen_digits,
    fingerprint,
    held_out_digits,
    import_pen_digits,
    read_pen_digits,
    training_digits,
)
from core.errors import DataError, DataMissing
from core.handwriting.pen_digits import PenDigit
from core.handwriting.pen_file import write_pen_file
from core.workspace import Workspace
from tests.support.pen_digit_files import DIGITS, UNIPEN


def test_real_pen_digits_have_the_expected_fingerprint(pen_digits: tuple[PenDigit, ...]) -> None:
    assert len(pen_digits) == 7494
    assert fingerprint(pen_digits) == PEN_DIGITS_FINGERPRINT
    assert {digit.writer for digit in pen_digits} == {*TRAINING_WRITERS, *HELD_OUT_WRITERS}


def test_writers_are_split_into_training_and_held_out(few_pen_digits: Workspace) -> None:
    assert {digit.writer for digit in training_digits(few_pen_digits)} == {1, 20}
    assert {digit.writer for digit in held_out_digits(few_pen_digits)} == {21, 30}
    assert available_held_out_digits(few_pen_digits) == held_out_digits(few_pen_digits)
    assert not set(TRAINING_WRITERS) & set(HELD_OUT_WRITERS)


@pytest.mark.parametrize("variable", ["TRAZO_PEN_DIGITS", "TRAZO_STROKES"])
def test_variable_takes_precedence_over_the_workspace(
    few_pen_digits: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    assert find_pen_digits(few_pen_digits) == few_pen_digits.pen_digits_file
    (tmp_path / "elsewhere").touch()

    monkeypatch.setenv(variable, str(tmp_path / "elsewhere"))

    assert find_pen_digits(few_pen_digits) == tmp_path / "elsewhere"


def test_error_for_missing_pen_digits_names_the_command(workspace: Workspace) -> None:
    assert find_pen_digits(workspace) is None
    assert available_held_out_digits(workspace) == ()
    with pytest.raises(DataMissing, match="data download pen-digits"):
        training_digits(workspace)


def test_variable_that_names_a_missing_file_is_an_error(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_PEN_DIGITS", "/nowhere/at/all")

    with pytest.raises(DataError, match="TRAZO_PEN_DIGITS"):
        find_pen_digits(workspace)
    with pytest.warns(match="TRAZO_PEN_DIGITS"):
        assert available_held_out_digits(workspace) == ()


@pytest.mark.parametrize(
    "other",
    [
        DIGITS[:-1],
        DIGITS[::-1],
        [*DIGITS[:-1], replace(DIGITS[-1], writer=1)],
        [*DIGITS[:-1], replace(DIGITS[-1], label=5)],
    ],
)
def test_other_contents_are_rejected(few_pen_digits: Workspace, other: list[PenDigit]) -> None:
    write_pen_file(few_pen_digits.pen_digits_file, other)

    with pytest.raises(DataError, match="does not contain UCI's pen digits"):
        read_pen_digits(few_pen_digits.pen_digits_file)


def test_unipen_is_imported_and_a_failed_import_changes_nothing(few_pen_digits: Workspace, tmp_path: Path) -> None:
    few_pen_digits.pen_digits_file.unlink()
    (tmp_path / "good").write_text(UNIPEN)
    (tmp_path / "bad").write_text(UNIPEN[:300])

    path = import_pen_digits(tmp_path / "good", few_pen_digits)

    assert list(read_pen_digits(path)) == DIGITS
    with pytest.raises(DataError, match="bad"):
        import_pen_digits(tmp_path / "bad", few_pen_digits)
    assert list(read_pen_digits(path)) == DIGITS
    assert [file.name for file in path.parent.iterdir()] == [path.name]
