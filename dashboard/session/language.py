"""The visitor's language: that of a link (?lang=es), or else their own choice, their browser's, or English."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.language import ENGLISH, in_language, languages, supported, tr
from dashboard.server.language import LANGUAGE_COOKIE, LANGUAGE_PARAMETER

_LANGUAGE = "language"
_LINK = "language_link"
_SWITCH = "language_switch"
_Content = TypeVar("_Content")
_page_language = st.components.v2.component(
    "trazo_language", js=(Path(__file__).resolve().parents[1] / "assets" / "language.js").read_text()
)


def visitor_language() -> str:
    """Return the language of the visitor whose page is being drawn, or English outside a page."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return ENGLISH
    return str(st.session_state.get(_LANGUAGE, ENGLISH))


def in_visitors_language(make: Callable[[], _Content]) -> Callable[[], _Content]:
    """Return a function for a download button: Streamlit calls it outside the page, and so without a visitor."""
    language = visitor_language()

    def make_in_language() -> _Content:
        with in_language(language):
            return make()

    return make_in_language


def _is_choice(value: object) -> bool:
    """Return True for the values of lists and of other widgets that can be set, but not for those of buttons."""
    if isinstance(value, list):
        return all(map(_is_choice, value))
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def find_visitor_language() -> None:
    """Find the visitor's language when they arrive or follow a link with a language."""
    link = st.query_params.get(LANGUAGE_PARAMETER)
    # Once: the browser still sends the old address after the visitor has switched to another language.
    if link and link != st.session_state.get(_LINK):
        st.session_state[_LINK] = link
        st.session_state[_LANGUAGE] = supported([link])
    elif _LANGUAGE not in st.session_state:
        chosen = str(st.context.cookies.get(LANGUAGE_COOKIE, ""))
        st.session_state[_LANGUAGE] = supported([chosen] if chosen else [st.context.locale])


def show_language_switch() -> None:
    """Show the switch between languages, tell the browser the page's language, and keep it as the visitor's choice."""
    names = languages()
    current = visitor_language()
    if len(names) > 1:
        st.session_state[_SWITCH] = current
        st.segmented_control(
            tr("Language"),
            list(names),
            format_func=names.__getitem__,
            required=True,
            key=_SWITCH,
            on_change=_switch,
            label_visibility="collapsed",
        )
    _page_language(
        key="page_language", data={"language": current, "cookie": LANGUAGE_COOKIE, "parameter": LANGUAGE_PARAMETER}
    )


def _switch() -> None:
    # The browser knows the choice in a list by its label. Set anew, it gets the label in the new language.
    for key, value in st.session_state.items():
        if _is_choice(value):
            st.session_state[key] = value
    st.session_state[_LANGUAGE] = st.session_state[_SWITCH]


class Spinner(str):
    """The text of a cached function's spinner: Streamlit takes it once, and calls `str` when it shows the spinner."""

    def __str__(self) -> str:
        return tr(str.__str__(self))
