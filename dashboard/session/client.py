"""The client that a page belongs to, identified as in the rate limits of Gradio and the API."""

from __future__ import annotations

import streamlit as st

from dashboard.server.rate_limits import client_of


def client() -> str:
    """Return the current visitor's client, as `client_of` does."""
    headers = [(name.lower().encode(), value.encode()) for name, value in st.context.headers.items()]
    # Streamlit gives no IP address for visitors on this machine.
    return client_of({"client": (st.context.ip_address or "127.0.0.1", 0), "headers": headers})


def is_phone() -> bool:
    """Return True if the browser says that it runs on a phone."""
    return "Mobi" in st.context.headers.get("User-Agent", "")
