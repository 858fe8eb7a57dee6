"""Numbers with their units in words."""

from __future__ import annotations

from core.language import ntr, tr


def in_epochs(number: int) -> str:
    """Return a number of epochs in words."""
    return ntr("{count:,} epoch", "{count:,} epochs", number)


def epochs_and_part(whole: int, part: float) -> str:
    """Return a number of whole epochs and the fraction, 0..1, of the next one, in words."""
    if part in (0, 1):
        return in_epochs(whole + int(part))
    part = min(max(part, 0.01), 0.99)
    if not whole:
        return tr("{part:.0%} of the first epoch", part=part)
    return ntr(
        "{count:,} epoch and {part:.0%} of the next", "{count:,} epochs and {part:.0%} of the next", whole, part=part
    )


def duration(seconds: float | None) -> str:
    """Return a duration in a few characters, so that it fits on a phone, or a dash for None."""
    if seconds is None:
        return "–"
    if seconds < 120:
        return tr("{seconds:.0f} s", seconds=seconds)
    minutes = seconds / 60
    if minutes < 10:
        return tr("{minutes:.1f} min", minutes=minutes)
    if minutes < 120:
        return tr("{minutes:.0f} min", minutes=minutes)
    return tr("{hours:.1f} h", hours=minutes / 60)
