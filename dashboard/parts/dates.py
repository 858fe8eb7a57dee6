"""Dates and times in the reader's language."""

from __future__ import annotations

import re
from datetime import datetime

from core.catalogues import ENGLISH
from core.language import Message, language, tr

# Translators: a date and a time of day as a pattern of Unicode (CLDR), with the name of the month
LONG = Message("dd MMMM y, HH:mm")
"""The pattern for "29 November 2026, 19:40"."""

_ENGLISH = {"dd": "%d", "MMM": "%b", "MMMM": "%B", "y": "%Y", "HH": "%H", "mm": "%M", "ss": "%S"}
"""The `strftime` code for each part of a pattern."""


def date_text(moment: datetime, pattern: str = "dd MMM y, HH:mm") -> str:
    """Return a time as text; `pattern`: a Unicode (CLDR) pattern, by default for "29 Nov 2026, 19:40"."""
    if language() == ENGLISH:  # Babel takes 6 MB, which a dashboard in English does not need
        return re.sub(r"[A-Za-z]+", lambda part: _english_part(moment, part[0]), pattern)
    from babel.dates import format_datetime

    return format_datetime(moment, tr(pattern), locale=language())


def _english_part(moment: datetime, part: str) -> str:
    return str(moment.day) if part == "d" else moment.strftime(_ENGLISH[part])
