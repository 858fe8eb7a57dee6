"""CSV files of a training: their columns, reading and writing."""

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

_PLACE = ["epoch", "step", "seconds"]
_FARTHEST = 1e15


def read_rows(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return the numbers in a CSV file; empty if there is none yet. Raises OSError, or ValueError if it is damaged.

    Incomplete lines without their place in the training are left out; infinite values count as not measured.
    """
    try:
        with open_file(path) as file:
            table = pd.read_csv(file)
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
    """Drop from a CSV file all lines of epochs after `epochs` (counted from 1), and damaged lines."""
    try:
        with open_file(path, "r", newline="") as file:
            _, *rows = csv.reader(file)
    except (FileNotFoundError, ValueError):
        return
    place = columns.index("epoch")
    kept = [row for row in rows if _is_whole(row, columns) and float(row[place]) <= epochs]
    with atomic_write(path) as temporary, temporary.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *kept])


def _is_whole(row: list[str], columns: tuple[str, ...]) -> bool:
    """Return True if a line has all its cells, each a number or empty, and its place in the training."""
    if len(row) != len(columns) or not all(row[columns.index(name)] for name in _PLACE):
        return False
    try:
        return not any(math.isnan(float(cell)) for cell in row if cell)
    except ValueError:
        return False


def append_row(
    path: Path, columns: tuple[str, ...], values: Iterable[float | int | None], durable: bool = False
) -> None:
    """Append a whole line to a CSV file, after the heading if it is the first; None is an empty cell.

    `durable`: with fsync, so that it survives a power cut.
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
    """Remove the last line of a CSV file; a reader sees the file with it or without it."""
    lines = read_file(path).splitlines(keepends=True)
    with atomic_write(path, durable=False) as temporary:
        temporary.write_bytes(b"".join(lines[:-1]))
