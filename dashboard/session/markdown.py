"""Escaping of text (names, notes, settings, messages, errors) that Streamlit would render as Markdown."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """Escape all ASCII punctuation, so that Markdown shows the text unchanged (CommonMark 0.31, section 2.4)."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
