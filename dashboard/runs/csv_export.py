"""CSV files for spreadsheets: UTF-8 with a byte order mark, for Excel, and without formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

import pandas as pd

from core.config import flattened
from core.runs.summary import Summary
from dashboard.runs.table import state_word
from dashboard.training.wording import SETTINGS, as_text

ENCODING = "utf-8-sig"
"""Excel takes a file without a byte order mark for one in the local encoding."""

# A spreadsheet computes a cell that begins so (OWASP, "CSV injection"). Where it splits at semicolons or tabs, or
# misses the quotes of a cell with line breaks, each part of a text becomes a cell.
_FORMULA = re.compile(r"(^|[;\t-\r\x1c-\x1e\x85\u2028\u2029])(?=[\s\"']*[=+\-@＝＋－＠])")


def runs_csv(rows: Sequence[Summary]) -> bytes:
    """Return the runs with all their figures and settings as CSV: accuracies in 0..1, one column per setting."""
    cells = [{name: _cell(value) for name, value in _row(row).items()} for row in rows]
    return pd.DataFrame(cells).to_csv(index=False, lineterminator="\n").encode(ENCODING)


def spreadsheet_csv(content: bytes) -> bytes:
    """Return a CSV file of a run in the form in which spreadsheets open it."""
    text = io.StringIO()
    lines = csv.reader(io.StringIO(content.decode(errors="replace"), newline=""))
    cells = [[cell if _is_number(cell) else _cell(cell) for cell in line] for line in lines]
    csv.writer(text, lineterminator="\n").writerows(cells)
    return text.getvalue().encode(ENCODING)


def _row(row: Summary) -> dict[str, object]:
    settings = flattened(row.config) if row.config else {}
    return {
        "id": row.id,
        "name": row.label.name,
        "state": state_word(row),
        "in_use": row.promoted,
        "created": row.created.isoformat(timespec="seconds"),
        "test_accuracy": row.accuracy,
        "validation_accuracy": row.validation_accuracy,
        "redrawn_accuracy": row.drawings,
        "parameters": row.parameters,
        "seconds": row.seconds,
        **{name: as_text(settings[name]) if name in settings else None for name in SETTINGS},
        "note": row.label.note,
    }


def _cell(value: object) -> object:
    """Put an apostrophe before each formula in a text."""
    if not isinstance(value, str):
        return value
    # The name of a folder may hold bytes that are not text.
    return _FORMULA.sub(r"\1'", value.encode(errors="replace").decode())


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
