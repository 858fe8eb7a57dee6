"""The mark of a run that belongs to a sweep, and the measurements of such a run."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from core.records import Amount, Count, Fraction, Record
from core.runs.small_files import read_record, write_record

Measurement = Literal["redrawn_accuracy", "milliseconds"]
"""A measurement that takes seconds, made only if it is an objective of the sweep."""


class TrialMark(Record):
    """The mark of a run that belongs to a sweep.

    `sweep`: the sweep's id; `trial`: the number of its trial; `seed_index`: the run's index among the trial's runs.

    `winner`: False for a search run, which is measured on the validation split only and has no bundle; True for
    an ordinary run that retrains settings found by the search, and reads the test set once. `measurements`: the
    optional measurements that the run makes at its end.
    """

    sweep: str
    trial: Count
    seed_index: Count = 0
    winner: bool = False
    measurements: tuple[Measurement, ...] = ()


class TrialResult(Record):
    """The measurements of one run of a trial, on the validation split only; the test set is not read.

    `redrawn_accuracy` and `milliseconds` are None if they are not objectives of the sweep.
    """

    validation_accuracy: Fraction
    parameters: Count
    redrawn_accuracy: Fraction | None = None
    milliseconds: Amount | None = None


def write_trial_mark(path: Path, mark: TrialMark) -> None:
    """Write the mark; raises StorageError."""
    write_record(path, mark)


def read_trial_mark(path: Path) -> TrialMark | None:
    """Return the mark, or None if the run does not belong to a sweep; raises RunError if it is damaged."""
    return read_record(path, TrialMark)


def read_search_marker(path: Path) -> TrialMark | None:
    """Return the mark of a search run, or None for any other run; raises RunError if it is damaged."""
    mark = read_trial_mark(path)
    return None if mark is None or mark.winner else mark


def write_trial_result(path: Path, result: TrialResult) -> None:
    """Write the measurements; raises StorageError."""
    write_record(path, result)


def read_trial_result(path: Path) -> TrialResult | None:
    """Return the measurements, or None if there are none; raises RunError if they are damaged."""
    return read_record(path, TrialResult)
