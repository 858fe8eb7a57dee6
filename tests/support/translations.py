"""The sentences of the code, collected afresh, and a language that exists only in tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from core.catalogues import DOMAIN
from core.workspace import PROJECT

# As in `make translate`.
_KEYWORDS = {"tr": (1,), "ntr": (1, 2), "Message": (1,), "count_message": (1, 2)}
_METHODS = [("**.py", "scripts.extract_messages:extract")]
START, END = "⟦", "⟧"


@cache
def sentences() -> Catalog:
    """Return the sentences of the code, untranslated."""
    catalog = Catalog(domain=DOMAIN)
    for room in ("core", "dashboard"):
        for _, _, sentence, _, _ in extract_from_dir(PROJECT / room, _METHODS, keywords=_KEYWORDS):
            catalog.add(sentence)
    return catalog


def translation(file: Path) -> Catalog:
    """Return the translations in a .po file, including obsolete ones."""
    with file.open("rb") as content:
        return read_po(content, domain=DOMAIN)


def forms(message: Message) -> tuple[str, ...]:
    """Return the English sentence of a message, or its singular and its plural."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def pseudo(sentence: str) -> str:
    """Return a sentence in brackets and lengthened by a third, so that translated sentences stand out on a page."""
    return f"{START}{sentence}{' ' + 'ñ' * (len(sentence) // 3)}{END}"


def write_pseudo_language(folder: Path, code: str) -> None:
    """Translate all sentences with `pseudo`, and write them where `core.catalogues` looks for them in `folder`."""
    catalog = Catalog(locale=code, domain=DOMAIN)
    for message in sentences():
        if message.id:
            translated = [pseudo(form) for form in forms(message)]
            catalog.add(message.id, translated[0] if isinstance(message.id, str) else translated)
    file = folder / code / "LC_MESSAGES" / f"{DOMAIN}.po"
    file.parent.mkdir(parents=True)
    with file.open("wb") as content:
        write_po(content, catalog)
