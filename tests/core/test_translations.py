"""Each translation has every sentence in the code, with the same placeholders."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

from core.catalogues import sources
from tests.support.translations import forms, sentences, translation

Placeholder = tuple[str, str | None, str | None]


def placeholders(sentence: str) -> set[Placeholder]:
    """Return the name, format and conversion of each placeholder; an empty set for a sentence with other braces."""
    try:
        parsed = list(string.Formatter().parse(sentence))
    except ValueError:
        return set()
    return {(name, format_spec, conversion) for _, name, format_spec, conversion in parsed if name is not None}


def without_count(found: set[Placeholder]) -> set[Placeholder]:
    """Leave out {count}, because a singular form may say "one" instead."""
    return {placeholder for placeholder in found if placeholder[0] != "count"}


@pytest.mark.parametrize("file", sources().values(), ids=lambda file: file.parts[-3])
def test_translation_is_complete(file: Path) -> None:
    catalog = translation(file)
    translated_ids = {message.id for message in catalog if message.id and message.string and not message.fuzzy}
    incomplete_ids = {message.id for message in catalog if isinstance(message.id, tuple) and not all(message.string)}
    required_ids = {message.id for message in sentences() if message.id}

    assert sorted(map(str, required_ids - translated_ids | incomplete_ids)) == []
    assert sorted(map(str, translated_ids - required_ids)) == []
    assert [message.id for message in catalog if message.id and message.fuzzy] == []
    assert list(catalog.obsolete) == []


@pytest.mark.parametrize("file", sources().values(), ids=lambda file: file.parts[-3])
def test_translation_has_the_same_placeholders(file: Path) -> None:
    mismatches = []
    for message in translation(file):
        if not message.id:
            continue
        english = placeholders(forms(message)[-1])
        translations = [message.string] if isinstance(message.string, str) else message.string
        for form in filter(None, translations):
            found = placeholders(form)
            if without_count(found) != without_count(english) or not found <= english:
                mismatches.append((message.id, form))

    assert mismatches == []
