"""Dates and times in the reader's language."""

from __future__ import annotations

from datetime import datetime

from core.language import language


def date_text(moment: datetime, pattern: str = "dd MMM y, HH:mm") -> str:
    """Return a time; `pattern`: of Unicode (CLDR), by default that of "29 Nov 2026, 19:40"."""
    from babel.dates import format_datetime

    return format_datetime(moment, pattern, locale=language())
