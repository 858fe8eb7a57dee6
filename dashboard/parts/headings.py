"""Page headings."""

from __future__ import annotations

import streamlit as st


def heading(title: str, subtitle: str) -> None:
    """Show the page's title and a subtitle that explains the page to a newcomer."""
    st.title(title, anchor=False)
    st.markdown(subtitle)
