"""The Learn page: short lessons that use Trazo itself; `/learn?lesson=4` opens one."""

from pathlib import Path

import streamlit as st

from core.language import Message, tr
from dashboard.lessons import course
from dashboard.lessons.browser import keep_results
from dashboard.parts.headings import heading

STYLE = Path(__file__).parent.parent / "assets" / "learn.css"

heading(
    Message("Learn"),
    tr(
        "Short lessons of about five minutes. In each one you guess first, then try it on a real model, and measure "
        "the answer yourself."
    ),
)
st.html(STYLE)
page = course.current()
course.show(page)
keep_results(page)
