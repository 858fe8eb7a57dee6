"""The language of a visitor's pages."""

from __future__ import annotations

import pytest
from streamlit.string_util import clean_text
from streamlit.testing.v1 import AppTest

from core.language import Message, in_language
from dashboard.session.language import Spinner


def page() -> None:
    import streamlit as st

    from dashboard.session.language import find_visitor_language, visitor_language

    find_visitor_language()
    st.text(visitor_language())


@pytest.mark.parametrize(("link", "expected"), [("es", "es"), ("es_MX", "es"), ("", "en"), ("x" * 5000, "en")])
def test_link_chooses_the_language_of_its_pages(link: str, expected: str) -> None:
    visit = AppTest.from_function(page)
    visit.query_params["lang"] = link
    visit.run()

    assert not visit.exception
    assert visit.text[0].value == expected


def test_spinner_text_is_in_the_readers_language() -> None:
    spinner = Spinner(Message("Training…"))

    assert clean_text(spinner) == "Training…"
    with in_language("es"):
        assert clean_text(spinner) == "Entrenando…"
