"""Text by people, where Streamlit would read it as Markdown."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """The text so that Markdown shows it as it is: all ASCII punctuation is escaped (CommonMark 0.31, section 2.4)."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
