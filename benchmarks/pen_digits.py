"""The pen digits for benchmarks: those of the writers on whose digits no model was trained."""

from __future__ import annotations

from functools import cache

from core.data.pen_digits import available_measuring_digits
from core.handwriting.pen_digits import PenDigit
from core.workspace import Workspace


@cache
def measuring_digits() -> tuple[PenDigit, ...]:
    """Return the digits of the measuring writers, or an empty tuple if they are not on this machine."""
    return available_measuring_digits(Workspace.from_environment())
