"""Escaping of text that Streamlit would read as Markdown: names, notes, settings, messages and errors."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """Escape all ASCII punctuation, so that Markdown shows a text as it is (CommonMark 0.31, section 2.4)."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
