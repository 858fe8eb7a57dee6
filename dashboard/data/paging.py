"""Pages of a grid that is too long to show at once."""

from __future__ import annotations

import math

import streamlit as st

from core.language import tr


def choose_page(count: int, page_size: int, key: str) -> slice:
    """Let the visitor choose a page of `count` items and return its slice."""
    pages = max(1, math.ceil(count / page_size))
    page = st.number_input(
        tr("Page (of {pages:,})", pages=pages), min_value=1, max_value=pages, value=1, key=key, width=160
    )
    return slice((page - 1) * page_size, page * page_size)
