"""The mark of a run that belongs to a sweep."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from core.errors import RunError
from core.records import Count, Record
from core.storage import atomic_write, read_file

_MAX_FILE_BYTES = 4096


class TrialMark(Record):
    """`sweep`: the sweep's id; `trial`: the number of its trial; `seed_index`: the run's position among the trial's.

    `winner`: False for a run of the search, which is measured on the validation split only and has no bundle; True for
    a run that trains a found setting again, as an ordinary run that reads the test set once.
    """

    sweep: str
    trial: Count
    seed_index: Count = 0
    winner: bool = False


def write_trial_mark(path: Path, mark: TrialMark) -> None:
    """Write the mark; raises StorageError."""
    with atomic_write(path) as temporary:
        temporary.write_text(mark.model_dump_json() + "\n")


def read_trial_mark(path: Path) -> TrialMark | None:
    """Return the mark, or None for a run that belongs to no sweep; raises RunError if it is damaged."""
    try:
        return TrialMark.model_validate_json(read_file(path, _MAX_FILE_BYTES))
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        run_id = path.parent.name
        raise RunError(f"The file {path.name} of run {run_id} is damaged. Delete the run.", run_id) from error
