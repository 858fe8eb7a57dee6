"""Page headings and addresses."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st


def heading(title: str, sentence: str) -> None:
    """The page's title and the sentence that tells a newcomer what he sees."""
    st.title(title, anchor=False)
    st.markdown(sentence)


def address(path: str, *, full: bool = False) -> str:
    """The address of what lies beside the pages, as the browser sees it, below a proxy's prefix, too.

    `full` adds the scheme and the host.
    """
    page = urlsplit(st.context.url or "")
    # One slash only: a path that begins with two would name another machine.
    place = "/" + f"{page.path.rpartition('/')[0]}/{path}".lstrip("/")
    return f"{page.scheme}://{page.netloc}{place}" if full else place
