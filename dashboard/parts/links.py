"""Links from the pages to Gradio, Netron and the API."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from dashboard.server.prefix import shown_prefix


def link(path: str, *, full: bool = False) -> str:
    """Return the address of a path beside the pages, with the prefix that the browser sees.

    `full` adds the scheme and the host.
    """
    url = st.context.url or ""
    # One slash only: browsers read a path that begins with two as another host.
    address = "/" + f"{shown_prefix(url)}/{path}".lstrip("/")
    page = urlsplit(url)
    return f"{page.scheme}://{page.netloc}{address}" if full else address
