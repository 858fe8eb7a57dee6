"""Page headings."""

from __future__ import annotations

import streamlit as st

from core.language import tr
from dashboard.parts import glossary


def heading(title: str, subtitle: str) -> None:
    """Show the page's title, a subtitle that explains the page to a newcomer, and the terms that the page uses.

    `title`: a message, or a name that is the same in all languages. `subtitle`: in the visitor's language.
    """
    st.title(tr(title), anchor=False)
    terms = glossary.words(title)
    st.markdown(f"{subtitle}  \n{terms}" if terms else subtitle, unsafe_allow_html=bool(terms))
