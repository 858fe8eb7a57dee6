"""Sentences with the numbers of a chart, for people who cannot see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.classifier.calibration import ReliabilityBin
from core.language import number, tr

_LISTED_CONFUSIONS = 5
"""Number of confusions that a sentence lists; a matrix has up to ninety."""


def listed(values: Mapping[str, str]) -> str:
    """Return names with their values, such as "0: 98.2%; 1: 99.1%"."""
    return "; ".join(f"{name}: {value}" for name, value in values.items())


def confusions_text(matrix: np.ndarray) -> str:
    """Return a sentence with a confusion matrix's (10, 10) total, correct count and most frequent mistakes."""
    counts = {"right": int(np.trace(matrix)), "total": int(matrix.sum())}
    mistakes = [(true, read) for true, read in sorted_cells(matrix) if true != read]
    if not mistakes:
        return tr("Confusion matrix: {right:,} of {total:,} images are read correctly.", **counts)
    frequent = {
        tr("{true} read as {read}", true=true, read=read): number(matrix[true, read], ",")
        for true, read in mistakes[:_LISTED_CONFUSIONS]
    }
    return tr(
        "Confusion matrix: {right:,} of {total:,} images are read correctly. The most frequent mistakes: {mistakes}.",
        mistakes=listed(frequent),
        **counts,
    )


def sorted_cells(matrix: np.ndarray) -> list[tuple[int, int]]:
    """Return the non-empty cells (true, predicted) of a confusion matrix (10, 10): mistakes first, then by count."""
    cells = [(int(true), int(predicted)) for true, predicted in np.argwhere(matrix)]
    return sorted(cells, key=lambda cell: (cell[0] == cell[1], -matrix[cell], cell))


def by_digit(values: Sequence[str]) -> str:
    """Return the ten digits with their values, such as "0: 98.2%; 1: 99.1%; …"."""
    return listed({str(digit): value for digit, value in enumerate(values)})


def reliability_text(bins: Sequence[ReliabilityBin]) -> str:
    """Return a sentence with the accuracy at each level of confidence."""
    accuracies = {
        tr("{low:.0%} to {high:.0%}", low=row.low, high=row.high): number(row.accuracy, ".1%")
        for row in bins
        if row.count
    }
    return tr("Accuracy at each level of confidence: {accuracies}.", accuracies=listed(accuracies))
