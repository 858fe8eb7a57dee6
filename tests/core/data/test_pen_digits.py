"""The pen digits are found, verified by their contents and divided by writer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.data import pen_digits
from core.data.pen_digits import (
    MEASURING_WRITERS,
    PEN_DIGITS_FINGERPRINT,
    TRAINING_WRITERS,
    available_measuring_digits,
    find_pen_digits,
    fingerprint,
    measuring_digits,
    read_pen_digits,
    training_digits,
)
from core.errors import DataError, DataMissing
from core.handwriting.pen_digits import PenDigit
from core.handwriting.pen_file import write_pen_file
from core.workspace import Workspace

FEW = [PenDigit(writer % 10, writer, [[(writer, 0), (250, 500)]]) for writer in (21, 1, 30, 20)]


@pytest.fixture
def few(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace whose pen digits are four, by four writers."""
    monkeypatch.setattr(pen_digits, "PEN_DIGITS_FINGERPRINT", fingerprint(FEW))
    write_pen_file(workspace.pen_digits_file, FEW)
    return workspace


def test_real_pen_digits_have_the_fingerprint(pen_digits: tuple[PenDigit, ...]) -> None:
    assert len(pen_digits) == 7494
    assert fingerprint(pen_digits) == PEN_DIGITS_FINGERPRINT
    assert {digit.writer for digit in pen_digits} == {*TRAINING_WRITERS, *MEASURING_WRITERS}


def test_writers_are_divided_for_training_and_measuring(few: Workspace) -> None:
    assert {digit.writer for digit in training_digits(few)} == {1, 20}
    assert {digit.writer for digit in measuring_digits(few)} == {21, 30}
    assert available_measuring_digits(few) == measuring_digits(few)
    assert not set(TRAINING_WRITERS) & set(MEASURING_WRITERS)


@pytest.mark.parametrize("variable", ["TRAZO_PEN_DIGITS", "TRAZO_STROKES"])
def test_variable_comes_before_the_workspace(
    few: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    assert find_pen_digits(few) == few.pen_digits_file
    (tmp_path / "elsewhere").touch()

    monkeypatch.setenv(variable, str(tmp_path / "elsewhere"))

    assert find_pen_digits(few) == tmp_path / "elsewhere"


def test_missing_pen_digits_name_the_command(workspace: Workspace) -> None:
    assert find_pen_digits(workspace) is None
    assert available_measuring_digits(workspace) == ()
    with pytest.raises(DataMissing, match="data download pen-digits"):
        training_digits(workspace)


def test_missing_file_in_the_variable_is_an_error(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_PEN_DIGITS", "/nowhere/at/all")

    with pytest.raises(DataError, match="TRAZO_PEN_DIGITS"):
        find_pen_digits(workspace)
    with pytest.warns(match="TRAZO_PEN_DIGITS"):
        assert available_measuring_digits(workspace) == ()


@pytest.mark.parametrize(
    "other", [FEW[:-1], FEW[::-1], [*FEW[:-1], replace(FEW[-1], writer=1)], [*FEW[:-1], replace(FEW[-1], label=5)]]
)
def test_other_contents_are_rejected(few: Workspace, other: list[PenDigit]) -> None:
    write_pen_file(few.pen_digits_file, other)

    with pytest.raises(DataError, match="other pen digits"):
        read_pen_digits(few.pen_digits_file)
