"""Links from the pages to Gradio, Netron and the API."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from dashboard.server.prefix import prefix_from_url


def link(path: str, *, full: bool = False) -> str:
    """Return the URL of a path on this server, with the path prefix that the browser sees.

    `full` adds the scheme and the host.
    """
    url = st.context.url or ""
    # The path must begin with one slash, because browsers read two slashes as the start of a host name.
    full_path = "/" + f"{prefix_from_url(url)}/{path}".lstrip("/")
    page = urlsplit(url)
    return f"{page.scheme}://{page.netloc}{full_path}" if full else full_path
