"""Numbers with their units in words."""

from __future__ import annotations


def in_epochs(number: int) -> str:
    """Return a number of epochs in words."""
    return "1 epoch" if number == 1 else f"{number} epochs"


def duration(seconds: float | None) -> str:
    """Return a duration in a few characters, so that it fits on a phone, or a dash for None."""
    if seconds is None:
        return "–"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    if minutes < 120:
        return f"{minutes:.1f} min" if minutes < 10 else f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h"
