"""The colours of Streamlit's theme that charts need."""

from __future__ import annotations

import streamlit as st


def text_colour() -> str:
    """Return the text colour for charts, because Streamlit's theme applies to their axes but not to their marks."""
    return "#e6eeec" if st.context.theme.type == "dark" else "#17211f"
