"""A run's current predictions for a few validation images, which pages show while the run learns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from core.records import Count, Fraction, Record
from core.storage import atomic_write, read_file

_MAX_FILE_BYTES = 64 * 1024

_Digit = Annotated[int, Field(ge=0, le=9)]


class Prediction(Record):
    """A predicted digit and its uncalibrated probability."""

    digit: _Digit
    confidence: Fraction


class WatchedImage(Record):
    """A validation image, by its index in the split, with its label and its current prediction."""

    index: Count
    label: _Digit
    prediction: Prediction


class Watched(Record, extra="ignore"):
    """The current predictions for the watched images, and for the person's own drawing if the run has one."""

    images: tuple[WatchedImage, ...] = Field(max_length=100)
    drawing: Prediction | None = None


def write_watched(path: Path, watched: Watched) -> None:
    """Replace the predictions; raises StorageError."""
    # Not durable: the next file follows within seconds, and the run itself does not need it.
    with atomic_write(path, durable=False) as temporary:
        temporary.write_text(watched.model_dump_json() + "\n")


def read_watched(path: Path) -> Watched | None:
    """Return the predictions, or None if the file is missing or damaged."""
    try:
        return Watched.model_validate_json(read_file(path, _MAX_FILE_BYTES))
    except (OSError, ValidationError):
        return None
