"""Example programs that use a model: with its files in Python, or through this server."""

from __future__ import annotations

import streamlit as st

from core.exports.reader_zip import FOLDER
from core.language import tr
from core.runs.active import active_model
from dashboard.parts.links import link
from dashboard.session import state

PYTHON = f"""
import sys
from pathlib import Path

folder = Path("{FOLDER}")
sys.path.insert(0, str(folder))
from read import Model

model = Model(folder)
result = model.read(Path("digit.png").read_bytes())
print(result["digit"], result["confidence"], result["verdict"])
"""
_CURL = """
curl -H "Content-Type: image/png" --data-binary @digit.png {url}
"""
_JAVASCRIPT = """
import {{ readFile }} from "node:fs/promises";

const response = await fetch("{url}", {{
  method: "POST",
  headers: {{ "Content-Type": "image/png" }},
  body: await readFile("digit.png"),
}});
const result = await response.json();
console.log(result.digit, result.confidence, result.verdict);
"""
_GRADIO = """
from gradio_client import Client, handle_file

client = Client("{url}")
sketch = {{"background": None, "layers": [], "composite": handle_file("digit.png")}}
print(client.predict(sketch, api_name="/predict"))  # {probabilities}
print(client.predict(sketch, api_name="/verdict"))  # {verdict}
"""


def programs(name: str) -> None:
    """Show a program in each language that reads the picture `digit.png` with the model `name`."""
    st.subheader(tr("Use this model"), anchor=False)
    st.markdown(tr("Short programs that read a picture of a digit, `digit.png`, as this dashboard does."))
    python, curl, javascript, gradio = st.tabs(["Python", "curl", "JavaScript", tr("Gradio client")])
    with python:
        st.markdown(
            tr(
                "Needs nothing but the model's files. Download the reader above and unpack it, so that the folder "
                "`{folder}` lies beside your program; then run `pip install numpy pillow scipy ai-edge-litert`.",
                folder=FOLDER,
            )
        )
        st.code(PYTHON.strip(), language="python")
    with curl:
        _show_server_note(name, tr("Sends the picture to this server and prints the answer as JSON."))
        st.code(_CURL.strip().format(url=link("api/predict", full=True)), language="bash", wrap_lines=True)
    with javascript:
        _show_server_note(name, tr("Runs in Node.js 18 or later: save it as `read.mjs`, then run `node read.mjs`."))
        st.code(_JAVASCRIPT.strip().format(url=link("api/predict", full=True)), language="javascript")
    with gradio:
        _show_server_note(name, tr("Run `pip install gradio_client` first."))
        st.code(gradio_program(), language="python")


def gradio_program() -> str:
    """Return a program that calls this server's Gradio demo."""
    return _GRADIO.strip().format(
        url=link("gradio/", full=True),
        probabilities=tr("the ten probabilities"),
        verdict=tr("rejects pictures that are not digits"),
    )


def _show_server_note(name: str, sentence: str) -> None:
    """Show the sentence, and a note if the server would answer with another model."""
    st.markdown(sentence)
    if active_model(state.workspace()).name != name:
        st.caption(
            tr("The server answers with the active model, which is another one. Make this model active to use it.")
        )
