"""Gradio demo: the original notebook's demo, embedded, and how a program asks it."""

from __future__ import annotations

import streamlit as st

from dashboard.parts.headings import heading
from dashboard.parts.links import link

HEIGHT = 600
# On a phone the ten probabilities stand below the sketchpad: without more room they would scroll inside the page.
STYLE = """<style>
.st-key-gradio iframe { border-radius: 0.5rem }
@media (max-width: 640px) { .st-key-gradio > *, .st-key-gradio iframe { height: 1060px } }
</style>"""
CLIENT = """
from gradio_client import Client, handle_file

client = Client("{url}")
sketch = {{"background": None, "layers": [], "composite": handle_file("digit.png")}}
print(client.predict(sketch, api_name="/predict"))  # all ten probabilities
print(client.predict(sketch, api_name="/verdict"))  # and whether it is a digit at all
"""

heading(
    "Gradio demo", "The demo that Trazo grew from: sketch a digit and press Submit. It asks the same model as Draw."
)
url = link("gradio/")
st.link_button("Open in a new tab", url, icon=":material/open_in_new:")
st.html(STYLE)
with st.container(key="gradio"):
    st.iframe(f"{url}?__theme={st.context.theme.type or 'light'}", height=HEIGHT, alt="The Gradio demo")
st.subheader("From a program", anchor=False)
st.markdown("`pip install gradio_client`, then send any picture of a digit:")
st.code(CLIENT.strip().format(url=link("gradio/", full=True)), language="python")
