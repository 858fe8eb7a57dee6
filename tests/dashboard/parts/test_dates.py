"""Dates in the reader's language."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from babel.dates import format_datetime

from core.language import in_language
from core.workspace import PROJECT
from dashboard.parts.dates import LONG, date_text

MOMENT = datetime(2026, 11, 9, 19, 40, 5, tzinfo=UTC)


@pytest.mark.parametrize("pattern", ["dd MMM y, HH:mm", "d MMM y, HH:mm:ss", str(LONG)])
def test_english_date_matches_babel(pattern: str) -> None:
    assert date_text(MOMENT, pattern) == format_datetime(MOMENT, pattern, locale="en")


def test_spanish_date() -> None:
    with in_language("es"):
        assert date_text(MOMENT) == "09 nov 2026, 19:40"
        assert date_text(MOMENT, LONG) == "9 de noviembre de 2026, 19:40"


def test_english_pages_do_not_load_babel() -> None:
    code = (
        "import sys; from datetime import datetime; from core.language import languages; "
        "from dashboard.parts.dates import date_text; date_text(datetime.now()); "
        "print(languages(), 'babel' in sys.modules)"
    )
    process = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)

    assert process.stdout == "{'en': 'English', 'es': 'Español'} False\n"
