"""Page headings and addresses."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from dashboard.server.prefix import shown_prefix


def heading(title: str, sentence: str) -> None:
    """The page's title and the sentence that tells a newcomer what he sees."""
    st.title(title, anchor=False)
    st.markdown(sentence)


def address(path: str, *, full: bool = False) -> str:
    """Return the address of something beside the pages, with the prefix that the browser sees.

    `full` adds the scheme and the host.
    """
    url = st.context.url or ""
    # One slash only: a path that begins with two would name another machine.
    place = "/" + f"{shown_prefix(url)}/{path}".lstrip("/")
    page = urlsplit(url)
    return f"{page.scheme}://{page.netloc}{place}" if full else place
