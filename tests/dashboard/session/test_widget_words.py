"""Streamlit still contains the widget texts that the browser replaces."""

from __future__ import annotations

import string
from pathlib import Path

import streamlit as st

from dashboard.session.widget_words import WORDS

SCRIPTS = Path(st.__file__).parent / "static" / "static" / "js"


def test_streamlit_still_has_the_words() -> None:
    scripts = "\n".join(file.read_text(encoding="utf-8") for file in SCRIPTS.glob("*.js"))
    # Streamlit assembles the others from parts.
    literal_words = [word for word in WORDS if "{" not in word and not word.startswith("Press ")]

    assert len(literal_words) > 80
    assert [word for word in literal_words if word not in scripts] == []


def test_a_text_has_at_most_one_placeholder() -> None:
    assert all(sum(name is not None for _, name, _, _ in string.Formatter().parse(word)) <= 1 for word in WORDS)
