"""The browser's storage, which keeps the results of the lessons, and its print dialog."""

from __future__ import annotations

import streamlit as st

from core.language import tr
from core.lessons.results import Results
from dashboard.parts.component import component
from dashboard.session import lessons

_KEY = "lesson_results"
_results = component("lesson_results", "<div></div>")
_print_button = component("print_button", '<button type="button"></button>')


def keep_results(page: str) -> None:
    """Load the results that the browser has stored, and let it store the newest ones, unless a hand stores them.

    `page`: the lesson on the page; when it changes, the page scrolls to the top.
    """
    has_hand = lessons.own_hand() is not None
    _results(
        key=_KEY,
        data={
            "results": Results().model_dump_json() if has_hand else lessons.results().model_dump_json(),
            "loaded": has_hand or lessons.loaded(),
            "forgotten": lessons.forgotten(),
            "lesson": page,
        },
        on_stored_change=_load,
    )


def print_button() -> None:
    """Show a button that prints the page."""
    _print_button(key="print_lessons", data={"label": tr("Print this page")})


def _load() -> None:
    lessons.load(st.session_state[_KEY]["stored"])
