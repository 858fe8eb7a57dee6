"""The CSV files of a training: their columns, and how they are read and written."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from core.storage import replacing, storage_errors

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


_PLACE = ["epoch", "step", "seconds"]
_FARTHEST = 1e15


def read_rows(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """The numbers of a CSV file; empty where there is none yet. Raises OSError or ValueError when it is damaged.

    Lines that broke off before their place is known are left out, and what is infinite counts as not measured.
    """
    try:
        table = pd.read_csv(path)
    except (FileNotFoundError, pd.errors.EmptyDataError):
        return pd.DataFrame(columns=list(columns), dtype=float)
    # Lines longer than the heading turn the first columns into an index.
    if tuple(table.columns) != columns or not isinstance(table.index, pd.RangeIndex):
        raise ValueError(f"Expected the columns {columns}. Received: {tuple(table.columns)}.")
    if not table.empty and not all(dtype.kind in "iuf" for dtype in table.dtypes):
        raise ValueError("Expected numbers alone. Received words, too.")
    placed = table[((table[_PLACE] >= 0) & (table[_PLACE] <= _FARTHEST)).all(axis=1)]
    return placed.replace([np.inf, -np.inf], np.nan).reset_index(drop=True)


def keep_epochs(path: Path, columns: tuple[str, ...], epochs: int) -> None:
    """Drop from a CSV file the lines of later epochs than `epochs` (counted from 1), and lines that are damaged."""
    try:
        with path.open(newline="") as file:
            _, *rows = csv.reader(file)
    except (FileNotFoundError, ValueError):
        return
    place = columns.index("epoch")
    kept = [row for row in rows if _is_whole(row, columns) and float(row[place]) <= epochs]
    with replacing(path) as temporary, temporary.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *kept])


def _is_whole(row: list[str], columns: tuple[str, ...]) -> bool:
    """Whether a line has all its cells, numbers or nothing, and says where in the training it belongs."""
    if len(row) != len(columns) or not all(row[columns.index(name)] for name in _PLACE):
        return False
    try:
        return not any(math.isnan(float(cell)) for cell in row if cell)
    except ValueError:
        return False


def append_row(
    path: Path, columns: tuple[str, ...], values: Iterable[float | int | None], durable: bool = False
) -> None:
    """Append one whole line to a CSV file, and the heading before the first; None is an empty cell.

    `durable`: it is there even if the machine goes down the next moment.
    """
    with storage_errors(path), path.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if file.tell() == 0:
            writer.writerow(columns)
        writer.writerow("" if value is None else round(value, 6) for value in values)
        if durable:
            file.flush()
            os.fsync(file.fileno())


def drop_last_row(path: Path) -> None:
    """Remove the last line of a CSV file; a reader sees the file with it or without it."""
    lines = path.read_bytes().splitlines(keepends=True)
    with replacing(path, durable=False) as temporary:
        temporary.write_bytes(b"".join(lines[:-1]))
