"""The Glossary page: every term in plain words; `/glossary#epoch` opens it at a term."""

from __future__ import annotations

import streamlit as st

from core.language import Message, tr
from dashboard.parts.glossary import sorted_terms
from dashboard.parts.headings import heading

heading(Message("Glossary"), tr("The words of machine learning that these pages use, in plain English."))
with st.container(key="glossary"):
    st.markdown("\n\n".join(f"##### {name}\n{explanation}" for name, explanation in sorted_terms()))
