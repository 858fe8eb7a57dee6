"""The visitor's language: from the link (?lang=es), else their own choice, else their browser, else English."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.catalogues import ENGLISH
from core.language import first_supported, in_language, languages, tr
from dashboard.server.language import LANGUAGE_COOKIE, LANGUAGE_PARAMETER

_LANGUAGE = "language"
_Content = TypeVar("_Content")
_ASSETS = Path(__file__).resolve().parents[1] / "assets"
_language_switch = st.components.v2.component(
    "trazo_language",
    html='<div role="group"></div>',
    css=(_ASSETS / "language.css").read_text(),
    js=(_ASSETS / "language.js").read_text(),
)


def visitor_language() -> str:
    """Return the language of the visitor whose page is being drawn, or English outside a page."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return ENGLISH
    return str(st.session_state.get(_LANGUAGE, ENGLISH))


def in_visitors_language(make: Callable[[], _Content]) -> Callable[[], _Content]:
    """Wrap the function of a download button, which Streamlit calls outside the page and so without a visitor."""
    language = visitor_language()

    def make_in_language() -> _Content:
        with in_language(language):
            return make()

    return make_in_language


def find_visitor_language() -> None:
    """Find the visitor's language when they arrive; it stays the same until they reload the page."""
    if _LANGUAGE in st.session_state:
        return
    link, chosen = st.query_params.get(LANGUAGE_PARAMETER), st.context.cookies.get(LANGUAGE_COOKIE)
    st.session_state[_LANGUAGE] = first_supported([str(link or chosen or st.context.locale)])


def show_language_switch() -> None:
    """Show the language switch, which tells the browser the page's language and stores the visitor's choice."""
    _language_switch(
        key="language_switch",
        data={
            "label": tr("Language"),
            "language": visitor_language(),
            "languages": list(languages().items()),
            "cookie": LANGUAGE_COOKIE,
            "parameter": LANGUAGE_PARAMETER,
        },
    )


class Spinner(str):
    """A cached function's spinner text: Streamlit stores it once, and calls `str` whenever it shows the spinner."""

    def __str__(self) -> str:
        return tr(str.__str__(self))
