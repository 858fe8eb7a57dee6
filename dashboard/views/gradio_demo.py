"""The Gradio demo page: the original notebook's demo, and how to call it from a program."""

from __future__ import annotations

import streamlit as st

from core.language import Message, language, tr
from dashboard.exports.programs import gradio_program
from dashboard.parts.headings import heading
from dashboard.parts.links import link
from dashboard.server.language import LANGUAGE_PARAMETER

# Height of the demo in pixels: tall enough to show it without a scroll bar.
HEIGHT = 600

# Where Gradio has too little room for two columns, the probabilities are below the sketchpad and need more height.
STYLE = """<style>
.st-key-gradio iframe { border-radius: 0.5rem }
.st-key-gradio { container: gradio / inline-size }
@container gradio (max-width: 760px) { .st-key-gradio > *, .st-key-gradio iframe { height: 1060px } }
</style>"""

heading(
    Message("Gradio demo"),
    tr(
        "The notebook demo that Trazo grew from. Draw a digit and press Submit. The demo uses the same model as the "
        "Draw page."
    ),
)
url = link("gradio/")
st.link_button(tr("Open in a new tab"), url, icon=":material/open_in_new:")
st.html(STYLE)
with st.container(key="gradio"):
    address = f"{url}?__theme={st.context.theme.type or 'light'}&{LANGUAGE_PARAMETER}={language()}"
    st.iframe(address, height=HEIGHT, alt=tr("The Gradio demo"))
st.subheader(tr("From a program"), anchor=False)
st.markdown(tr("Run `pip install gradio_client`, then send a picture of a digit:"))
st.code(gradio_program(), language="python")
