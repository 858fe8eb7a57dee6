"""Compiles core/locale/*/LC_MESSAGES/trazo.po to .mo files where these are missing or older.

Babel's command would check all placeholders as those of `%`, and complain about sentences with a percent sign.
"""

from __future__ import annotations

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

_LOCALES = Path(__file__).resolve().parent.parent / "core" / "locale"


def main() -> None:
    for source in _LOCALES.glob("*/LC_MESSAGES/trazo.po"):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            with source.open("rb") as file:
                catalogue = read_po(file, locale=source.parts[-3])
            with compiled.open("wb") as file:
                write_mo(file, catalogue)


if __name__ == "__main__":
    main()
