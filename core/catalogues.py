"""The catalogues of translated sentences: a .po file per language, and the .mo file compiled from it at installation.

`python -m core.catalogues` compiles the .mo files that are missing or older than their .po file.
"""

from __future__ import annotations

import gettext
import io
import os
from contextlib import suppress
from functools import cache
from pathlib import Path

ENGLISH = "en"
"""The language of the sentences in the code, which has no catalogue."""
DOMAIN = "trazo"
FOLDER = Path(__file__).with_name("locale")


def sources() -> dict[str, Path]:
    """Return the .po file of each language."""
    return {file.parts[-3]: file for file in sorted(FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))}


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Load a language's catalogue; English has an empty one."""
    if language == ENGLISH:
        return gettext.NullTranslations()
    source = sources()[language]
    # Hosts that only install packages, such as Streamlit Community Cloud, have no .mo files.
    content = _compile(source) if _is_stale(source) else source.with_suffix(".mo").read_bytes()
    return gettext.GNUTranslations(io.BytesIO(content))


def main() -> None:
    for source in filter(_is_stale, sources().values()):
        compiled = source.with_suffix(".mo")
        temporary = compiled.with_stem(f".{compiled.stem}.{os.getpid()}")
        # On a full or read-only disk, `catalogue` compiles the file in memory.
        with suppress(OSError):
            try:
                temporary.write_bytes(_compile(source))
                temporary.replace(compiled)
            finally:
                temporary.unlink(missing_ok=True)


def _is_stale(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime


def _compile(source: Path) -> bytes:
    """Return the content of the .mo file.

    Babel's command would treat all placeholders as %-style, and complain about sentences with a percent sign.
    """
    # Imported here: Babel takes 6 MB, which a dashboard in English does not need.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    content = io.BytesIO()
    with source.open("rb") as file:
        write_mo(content, read_po(file, locale=source.parts[-3], domain=DOMAIN))
    return content.getvalue()


if __name__ == "__main__":
    main()
