"""The origin of a fine-tuned run: a model, and the hand or the class whose digits it learned."""

from __future__ import annotations

from pathlib import Path

from core.config import FINE_TUNED, TrainingConfig, replace_settings
from core.records import Count, Record
from core.runs.small_files import read_record, write_record

CLASS = "class"
"""Name that stands for all hands in the workspace; no hand has this id."""


class FineTuning(Record):
    """The record of a fine-tuning.

    `hand`: the id of a hand, which does not identify the person, or CLASS. `base`: `shipped`, or the id of a run.
    `digits`: number of digits that were taught when the run was queued.
    """

    hand: str
    base: str
    digits: Count


def fine_tuned_config(config: TrainingConfig) -> TrainingConfig:
    """Return the config of a run that is fine-tuned from a model with this config."""
    return replace_settings(config, preset=FINE_TUNED, epochs=1, patience=0, final_epochs=0, teachers=0)


def write_fine_tuning(path: Path, fine_tuning: FineTuning) -> None:
    """Write the record; raises StorageError."""
    write_record(path, fine_tuning)


def read_fine_tuning(path: Path) -> FineTuning | None:
    """Return the record, or None for a run that was trained from scratch; raises RunError if it is damaged."""
    return read_record(path, FineTuning)
