"""The glossary explains every term in plain words."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from core.workspace import PROJECT
from dashboard.parts.glossary import PAGE_TERMS, TERMS, term, words


def test_terms_are_sorted_and_explained_in_a_sentence() -> None:
    assert len(TERMS) >= 40
    assert list(TERMS) == sorted(TERMS, key=str.casefold)
    assert all(explanation.endswith(".") and len(explanation) < 200 for explanation in TERMS.values())


def test_term_is_underlined_and_escaped() -> None:
    expected = '<abbr title="One pass through all training images." tabindex="0">epochs &lt;3</abbr>'
    assert term("epoch", "epochs <3") == expected


def test_page_terms_are_in_the_glossary() -> None:
    assert all(words(page).count("<abbr") == len(names) for page, names in PAGE_TERMS.items())
    assert words("Draw") == ""


def test_glossary_page_lists_every_term() -> None:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "views" / "glossary.py")).run()

    assert not page.exception
    shown = "\n".join(part.value for part in page.markdown)
    assert all(f"##### {name}\n{explanation}" in shown for name, explanation in TERMS.items())
