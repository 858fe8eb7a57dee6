"""Markdown in a form that tests can compare."""

from __future__ import annotations

import re


def unescape_markdown(text: str) -> str:
    """Return escaped text as the browser shows it; see `dashboard.session.markdown.plain`."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)
