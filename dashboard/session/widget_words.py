"""The words of Streamlit's own widgets in the visitor's language; Streamlit has them only in English."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

from core.catalogues import ENGLISH
from core.language import Message, in_language, language, tr

_component = st.components.v2.component(
    "trazo_widget_words", js=(Path(__file__).resolve().parents[1] / "assets" / "widget_words.js").read_text()
)

WORDS = (
    # Every page
    Message("Skip to main content"),
    Message("App pages"),
    Message("Sidebar"),
    Message("Collapse sidebar"),
    Message("Expand sidebar"),
    Message("Navigate to home page"),
    Message("Main menu"),
    Message("Notifications"),
    Message("Theme"),
    Message("System"),
    Message("Light"),
    Message("Dark"),
    Message("Print"),
    Message("Rerun"),
    Message("Settings"),
    Message("Stop"),
    Message("Running..."),
    Message("Connecting"),
    Message("Connection error"),
    Message("Close"),
    Message("Dismiss"),
    Message("Help"),
    Message("Help for {label}"),
    Message("Shortcut {key}"),
    Message("(opens in new tab)"),
    Message("Link to heading"),
    Message("Scroll tabs left"),
    Message("Scroll tabs right"),
    Message("Fullscreen"),
    Message("Close fullscreen"),
    Message("Copy to clipboard"),
    Message("Copied"),
    # Fields
    Message("Open"),
    Message("Clear value"),
    Message("Clear all"),
    Message("Clear entry"),
    Message("Select all"),
    Message("Select {count} matches"),
    Message("Selected values"),
    Message("Remove {name}"),
    Message("Choose an option"),
    Message("Choose options"),
    Message("No results"),
    Message("No options to select"),
    Message("Increment"),
    Message("Decrement"),
    Message("Press Enter to apply"),
    Message("Press Enter to submit form"),
    Message("Press Ctrl+Enter to apply"),
    Message("Press Ctrl+Enter to submit form"),
    # Files and camera
    Message("Upload"),
    Message("file upload"),
    Message("Add files"),
    Message("Drag and drop a file here"),
    Message("Drag and drop files here"),
    Message("{size} per file"),
    Message("{type} files are not allowed."),
    Message("Take Photo"),
    Message("Clear photo"),
    Message("Snapshot"),
    Message("Switch camera"),
    Message("This app would like to use your camera."),
    Message("Learn how to allow access."),
    # Tables and charts
    Message("Download as PNG"),
    Message("Show data"),
    Message("Show chart"),
    Message("Copy Vega-Lite spec"),
    Message("Show/hide columns"),
    Message("Show/hide columns: {table}"),
    Message("Search: {table}"),
    Message("Fullscreen: {table}"),
    Message("Search"),
    Message("Type to search"),
    Message("Close Search"),
    Message("Next Result"),
    Message("Previous Result"),
    Message("Dataframe column menu"),
    Message("Sort ascending"),
    Message("Sort descending"),
    Message("Autosize"),
    Message("Format"),
    Message("Statistics"),
    Message("Copy column name"),
    Message("Pin column"),
    Message("Unpin column"),
    Message("Hide column"),
    Message("Clear selection"),
    Message("No data"),
    Message("Automatic"),
    Message("Localized"),
    Message("Plain"),
    Message("Compact"),
    Message("Percent"),
    Message("Dollar"),
    Message("Euro"),
    Message("Yen"),
    Message("Accounting"),
    Message("Scientific"),
    Message("Values"),
    Message("Empty"),
    Message("Distinct"),
    Message("Minimum"),
    Message("Maximum"),
    Message("Average"),
    Message("Median"),
    Message("Sum"),
    Message("Range"),
    Message("Standard deviation"),
    Message("25th percentile"),
    Message("75th percentile"),
    Message("Minimum length"),
    Message("Maximum length"),
    Message("Average length"),
)
"""All texts of Streamlit 1.67 that these pages can show; a text may have one placeholder."""


def translate_widgets() -> None:
    """Let the browser replace the words of Streamlit's widgets on the page, unless the page is in English."""
    code = language()
    if code != ENGLISH:
        _component(key="widget_words", data={"words": _words(code)})


# Cached because every rerun of every page needs them.
@cache
def _words(code: str) -> dict[str, str]:
    """Return the words in a language, keyed by the English words."""
    with in_language(code):
        return {str(word): tr(word) for word in WORDS}
