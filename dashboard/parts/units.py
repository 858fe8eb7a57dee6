"""Numbers with their units in words."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number of things in words; `noun`: their name in the singular, whose plural ends in s."""
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"


def in_epochs(number: int) -> str:
    """Return a number of epochs in words."""
    return counted(number, "epoch")


def epochs_and_part(whole: int, part: float) -> str:
    """Return a number of whole epochs and the part, 0..1, of the next one, in words."""
    if part in (0, 1):
        return in_epochs(whole + int(part))
    percentage = f"{min(max(part, 0.01), 0.99):.0%}"
    return f"{in_epochs(whole)} and {percentage} of the next" if whole else f"{percentage} of the first epoch"


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
