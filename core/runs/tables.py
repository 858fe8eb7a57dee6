"""The CSV files of a run: their columns, and how to read and write them."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from core.storage import atomic_write, open_file, read_file, storage_errors

HISTORY_COLUMNS = (
    "epoch",
    "step",
    "seconds",
    "loss",
    "accuracy",
    "val_loss",
    "val_accuracy",
    "learning_rate",
)
STEP_COLUMNS = ("step", "epoch", "seconds", "loss", "accuracy", "val_loss", "val_accuracy", "images_per_second")

_POSITION_COLUMNS = ["epoch", "step", "seconds"]
_MAX_POSITION = 1e15
"""A larger epoch, step or time means that the file is damaged. Floats represent integers up to this value exactly."""


def read_rows(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return the numbers in a CSV file, or an empty table if there is no file yet.

    Rows without a valid epoch, step and time are skipped; infinite values become NaN. Raises OSError if the file cannot
    be read, ValueError if it is damaged.
    """
    try:
        with open_file(path) as file:
            table = pd.read_csv(file)
    except (FileNotFoundError, pd.errors.EmptyDataError):
        return pd.DataFrame(columns=list(columns), dtype=float)
    # pandas turns the first columns into an index if a row is longer than the header.
    if tuple(table.columns) != columns or not isinstance(table.index, pd.RangeIndex):
        raise ValueError(f"Expected the columns {columns}. Received: {tuple(table.columns)}.")
    if not table.empty and not all(dtype.kind in "iuf" for dtype in table.dtypes):
        raise ValueError("Expected only numbers. Received text as well.")
    position = table[_POSITION_COLUMNS]
    valid_rows = table[((position >= 0) & (position <= _MAX_POSITION)).all(axis=1)]
    return valid_rows.replace([np.inf, -np.inf], np.nan).reset_index(drop=True)


def truncate_after_epoch(path: Path, columns: tuple[str, ...], epoch: int) -> None:
    """Remove the rows of all epochs after `epoch` (counted from 1), and damaged rows, from a CSV file."""
    try:
        with open_file(path, "r", newline="") as file:
            _, *rows = csv.reader(file)
    except (FileNotFoundError, ValueError):  # ValueError: the file is empty or not text; `read_rows` reports damage
        return
    epoch_index = columns.index("epoch")
    kept_rows = [row for row in rows if _is_valid_row(row, columns) and float(row[epoch_index]) <= epoch]
    with atomic_write(path) as temporary, temporary.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *kept_rows])


def _is_valid_row(row: list[str], columns: tuple[str, ...]) -> bool:
    """Return True if a row has all its cells, each a number or empty, and an epoch, a step and a time."""
    if len(row) != len(columns) or not all(row[columns.index(name)] for name in _POSITION_COLUMNS):
        return False
    try:
        return not any(math.isnan(float(cell)) for cell in row if cell)
    except ValueError:
        return False


def append_row(
    path: Path, columns: tuple[str, ...], values: Iterable[float | int | None], durable: bool = False
) -> None:
    """Append a row, writing the header first if the file is empty. None becomes an empty cell.

    `durable`: call fsync, so that the row survives a power cut.
    """
    with storage_errors(path), open_file(path, "a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if file.tell() == 0:
            writer.writerow(columns)
        writer.writerow("" if value is None else round(value, 6) for value in values)
        if durable:
            file.flush()
            os.fsync(file.fileno())


def drop_last_row(path: Path) -> None:
    """Remove the last row of a CSV file. The file is replaced, so a reader never sees half a file."""
    lines = read_file(path).splitlines(keepends=True)
    with atomic_write(path, durable=False) as temporary:
        temporary.write_bytes(b"".join(lines[:-1]))
