"""Files of pen digits are read in either format, written and replayed; other files raise DataError."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError
from core.handwriting.pen_digits import PenDigit, replay
from core.handwriting.pen_file import json_line, read_pen_file, write_pen_file
from tests.support.pen_digit_files import DIGITS, UNIPEN

points = st.tuples(st.integers(0, 500), st.integers(0, 500))
pen_digits = st.builds(
    PenDigit, st.integers(0, 9), st.integers(1, 30), st.lists(st.lists(points, min_size=1), min_size=1)
)


def write_lines(path: Path, lines: list[object]) -> Path:
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    return path


@pytest.mark.parametrize("compressed", [False, True])
def test_unipen_is_read_with_the_y_axis_pointing_down(tmp_path: Path, compressed: bool) -> None:
    content = UNIPEN.encode()
    (tmp_path / "digits").write_bytes(gzip.compress(content) if compressed else content)

    assert read_pen_file(tmp_path / "digits") == DIGITS


def test_written_file_can_be_read_back(tmp_path: Path) -> None:
    write_pen_file(tmp_path / "digits.jsonl.gz", DIGITS)

    assert read_pen_file(tmp_path / "digits.jsonl.gz") == DIGITS


@given(pen_digits)
def test_json_line_keeps_every_point(digit: PenDigit) -> None:
    assert json.loads(json_line(digit)) == json.loads(json.dumps(vars(digit)))
    assert "\n" not in json_line(digit)


@pytest.mark.parametrize("lines", [[{"label": 7}], [{"label": 7, "writer": 1, "strokes": [[5]]}], ["text"], [5]])
def test_other_json_raises_data_error(tmp_path: Path, lines: list[object]) -> None:
    with pytest.raises(DataError, match="not a file of pen digits"):
        read_pen_file(write_lines(tmp_path / "strokes.gz", lines))


@pytest.mark.parametrize("content", [b"5 5\n", b".PEN_DOWN\n", b".COMMENT a b c\n", b"\xff\xfe\n", b"\x1f\x8bdamaged"])
def test_damaged_text_raises_data_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "digits").write_bytes(content)

    with pytest.raises(DataError, match="not a file of pen digits"):
        read_pen_file(tmp_path / "digits")


@pytest.mark.parametrize("name", ["missing", "."])
def test_missing_file_and_folder_raise_data_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="is missing"):
        read_pen_file(tmp_path / name)


def test_replay_covers_40_to_80_percent_of_the_canvas() -> None:
    ink = replay(PenDigit(7, 1, [[(0, 0), (90, 0), (30, 100)]]), np.random.default_rng(0))

    rows = np.flatnonzero(ink.any(axis=1))
    assert 0.4 * 280 <= rows[-1] - rows[0] <= 0.8 * 280 + 32
