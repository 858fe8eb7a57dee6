"""Markdown in the tests' hands."""

from __future__ import annotations

import re


def shown(text: str) -> str:
    """Return escaped text as a reader sees it; see `dashboard.session.markdown.plain`."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)
