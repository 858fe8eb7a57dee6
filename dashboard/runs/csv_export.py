"""CSV files for spreadsheets: UTF-8 with a byte order mark for Excel, and text that cannot become a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence

import pandas as pd

from core.config import flatten_settings
from core.runs.summary import Summary
from dashboard.runs.table import state_label
from dashboard.training.wording import SETTINGS, as_text

ENCODING = "utf-8-sig"
"""UTF-8 with a byte order mark, because Excel reads a file without one in the local encoding."""

# A spreadsheet evaluates a cell that begins with one of these characters (OWASP, "CSV injection"). A spreadsheet that
# splits lines at semicolons or tabs, or ignores the quotes around a cell with line breaks, makes each fragment a
# cell of its own.
_FORMULA = re.compile(r"(^|[;\t-\r\x1c-\x1e\x85\u2028\u2029])(?=[\s\"']*[=+\-@＝＋－＠])")


def runs_csv(rows: Sequence[Summary]) -> bytes:
    """Return the runs with all their metrics and settings as CSV: accuracies in 0..1, one column per setting."""
    return table_csv([_columns(row) for row in rows])


def table_csv(rows: Sequence[Mapping[str, object]]) -> bytes:
    """Return rows as CSV; the keys of the first row are the column names."""
    cells = [{name: _escape_formulas(value) for name, value in row.items()} for row in rows]
    return pd.DataFrame(cells).to_csv(index=False, lineterminator="\n").encode(ENCODING)


def spreadsheet_csv(content: bytes) -> bytes:
    """Convert one of a run's CSV files for spreadsheets."""
    text = io.StringIO()
    lines = csv.reader(io.StringIO(content.decode(errors="replace"), newline=""))
    cells = [[cell if _is_number(cell) else _escape_formulas(cell) for cell in line] for line in lines]
    csv.writer(text, lineterminator="\n").writerows(cells)
    return text.getvalue().encode(ENCODING)


def _columns(row: Summary) -> dict[str, object]:
    settings = flatten_settings(row.config) if row.config else {}
    return {
        "id": row.id,
        "name": row.label.name,
        "state": state_label(row),
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


def _escape_formulas(value: object) -> object:
    """Put an apostrophe before each formula in a string; return other values unchanged."""
    if not isinstance(value, str):
        return value
    # A folder's name, and with it a run's id, may contain bytes that are not valid UTF-8.
    return _FORMULA.sub(r"\1'", value.encode(errors="replace").decode())


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
