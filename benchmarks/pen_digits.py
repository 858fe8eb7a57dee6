"""The pen digits for benchmarks: those of the writers on whose digits no model was trained."""

from __future__ import annotations

from functools import cache

from core.data.pen_digits import available_held_out_digits
from core.handwriting.pen_digits import PenDigit
from core.workspace import Workspace


@cache
def held_out_digits() -> tuple[PenDigit, ...]:
    """Return the digits of the held-out writers, or an empty tuple if they are not on this machine."""
    return available_held_out_digits(Workspace.from_environment())
