"""The colours of Streamlit's theme that charts need."""

from __future__ import annotations

import streamlit as st

# Ten colours that people with any colour vision can tell apart, based on Petroff (2021), "Accessible color sequences
# for data visualization". The smallest difference between two of them is 12 to 13 (CIEDE2000) with normal vision,
# protanopia and deuteranopia; between two of Streamlit's chart colours it is below 3.
_LIGHT = ("#318ed9", "#e17b00", "#9c1e14", "#889890", "#832cb5", "#956050", "#c2480e", "#95976a", "#6e7480", "#599faf")
_DARK = ("#5ea0e8", "#ffc73a", "#d23a1b", "#93a3a2", "#994bda", "#a66c5d", "#f57210", "#bbb079", "#71747f", "#91dadd")


def digit_colours() -> tuple[str, ...]:
    """Return the colours of the ten digits for points in a chart."""
    return _DARK if is_dark() else _LIGHT


def text_colour() -> str:
    """Return the text colour for Vega-Lite charts: Streamlit's theme applies to their axes but not to their marks.

    The browser chooses between light and dark, because Streamlit does not run the page again when the theme changes.
    """
    return "light-dark(#17211f, #e6eeec)"


def ink_colour() -> str:
    """Return the text colour for canvases and Plotly, which accept only plain colours."""
    return "#e6eeec" if is_dark() else "#17211f"


def page_colour() -> str:
    """Return the colour of the page behind a chart."""
    return "#121817" if is_dark() else "#ffffff"


def faint_colour() -> str:
    """Return the colour of lines that stay in the background."""
    return "#5d6d69" if is_dark() else "#9caaa6"


def shade_colours() -> tuple[str, ...]:
    """Return colours from a low to a high value; the last ones stand out most from the page."""
    # Theme colours (.streamlit/config.toml) without those that are hardly visible on the page.
    if is_dark():
        return ("#126c61", "#248577", "#3f9d8e", "#62b3a5", "#8ac8bd", "#b1dbd3", "#d3ebe6")
    return ("#b1dbd3", "#8ac8bd", "#62b3a5", "#3f9d8e", "#248577", "#126c61", "#0a544b")


def is_dark() -> bool:
    """Return True if the visitor sees the dark theme."""
    return st.context.theme.type == "dark"
