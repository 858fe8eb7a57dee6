"""CSV files open in Excel, and text from users never becomes a formula, whichever separator a spreadsheet uses."""

from __future__ import annotations

import csv
import io
import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.config import preset, replace_settings
from core.runs.label import Label
from core.runs.run import Run
from core.runs.summary import Summary
from dashboard.runs.csv_export import runs_csv, spreadsheet_csv

SIGNS = "=+-@＝＋－＠"
BREAKS = ["", ";", "\t", "\n", "\r", "\r\n", "\x0b", "\u2028", "words;", "words\t", "words\n", 'say "x";', "a; "]
HARE = Summary(
    id="20260104-120000-brave-hare",
    title="brave-hare",
    state="finished",
    created=datetime(2026, 1, 4, 12, 0, 1, 500, tzinfo=UTC),
    preset="best",
    dataset="mnist",
    accuracy=0.995,
    label=Label(name="Wide one", note="With more filters,\nreads fat pens"),
    config=replace_settings(preset("best"), dropout=0.2),
)
DAMAGED = replace(HARE, id="20260105-120000-sad-seal", state=None, accuracy=None, config=None, problem="Damaged.")


def table_of(content: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(content), encoding="utf-8-sig").set_index("id")


def cells(content: bytes) -> list[str]:
    """Return the cells that a spreadsheet may read: split at commas, semicolons or tabs, with or without quoting."""
    text = content.decode("utf-8-sig")
    found = []
    for separator in (",", ";", "\t"):
        found += [cell for line in csv.reader(io.StringIO(text, newline=""), delimiter=separator) for cell in line]
        if separator != ",":  # a comma inside a text does not split its cell
            found += [cell for line in text.splitlines() for cell in line.split(separator)]
    return found


def formulas(content: bytes) -> list[str]:
    return [cell for cell in cells(content) if cell.lstrip(" \"'").startswith(tuple(SIGNS)) and not is_defused(cell)]


def is_defused(cell: str) -> bool:
    return cell.lstrip('"').startswith("'")


def test_csv_has_all_metrics_and_settings_of_each_run() -> None:
    table = table_of(runs_csv([DAMAGED, HARE]))

    assert table.index.tolist() == [DAMAGED.id, HARE.id]
    assert table.loc[HARE.id, "test_accuracy"] == 0.995
    assert table.loc[HARE.id, "filters"] == ", ".join(map(str, preset("best").model.filters))
    assert table.loc[HARE.id, "note"] == HARE.label.note
    assert table.loc[HARE.id, "dropout"] == 0.2
    assert table.loc[HARE.id, "created"] == "2026-01-04T12:00:01+00:00"
    assert table.loc[DAMAGED.id, "state"] == "damaged"


def test_csv_starts_with_the_byte_order_mark_for_excel() -> None:
    row = replace(HARE, label=Label(name="Größe π"))

    assert runs_csv([row]).startswith(b"\xef\xbb\xbf")
    assert table_of(runs_csv([row]))["name"].tolist() == ["Größe π"]


def test_undecodable_folder_name_can_be_exported() -> None:
    assert "x?-y" in runs_csv([replace(HARE, id="x\udcff-y")]).decode("utf-8-sig")


def with_text(column: str, text: str) -> Summary:
    """Return the run with this text in one of its columns."""
    return {
        "id": replace(HARE, id=text),
        "name": replace(HARE, label=Label(name=text)),
        "note": replace(HARE, label=Label(note=text)),
        "preset": replace(HARE, config=replace_settings(preset("best"), preset=text)),
    }[column]


@pytest.mark.parametrize("column", ["id", "name", "note", "preset"])
def test_no_text_of_a_run_becomes_a_formula(column: str) -> None:
    for prefix, sign in itertools.product(BREAKS, SIGNS):
        text = f'{prefix}{sign}HYPERLINK("http://x")'

        content = runs_csv([with_text(column, text)])

        assert formulas(content) == [], repr(text)
        assert f'{sign}HYPERLINK(""http://x"")' in content.decode("utf-8-sig"), repr(text)


@given(st.text(alphabet=[*SIGNS, *";\t\n\r\x0b\u2028\"' ", "a", "1"]))
@example("a;=1")
def test_arbitrary_text_never_becomes_a_formula(text: str) -> None:
    assert formulas(runs_csv([replace(HARE, label=Label(name=text, note=text))])) == []


@pytest.mark.parametrize("text", ["Adam - twice", "a=b", "1,-2", "mail@home", "x;y", "well\nread"])
def test_text_without_formulas_is_unchanged(text: str) -> None:
    assert table_of(runs_csv([replace(HARE, label=Label(note=text))]))["note"].tolist() == [text]


def test_run_history_is_exported_for_spreadsheets(run: Run) -> None:
    run.history_file.write_text("epoch,loss,accuracy\n1,-0.5,=1+1\n2,1e-05,\n")

    content = spreadsheet_csv(run.history_file.read_bytes())

    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig") == "epoch,loss,accuracy\n1,-0.5,'=1+1\n2,1e-05,\n"
