"""The colours of Streamlit's theme that charts need."""

from __future__ import annotations

import streamlit as st


def text_colour() -> str:
    """Return the colour of text in charts: Streamlit's theme reaches their axes, but not their marks."""
    return "#e6eeec" if st.context.theme.type == "dark" else "#17211f"
