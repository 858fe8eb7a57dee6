"""Components of ours that show text: updated in place, and without a shadow root."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

_ASSETS = Path(__file__).resolve().parents[1] / "assets"


def text_component(name: str, tag: str = "div") -> Callable[..., Any]:
    """Return the component with the assets `name`.css and `name`.js, in an element of class trazo-`name`.

    Charts would flicker after each stroke. Without a shadow root, the browser's search and the tests can find the text.
    """
    return st.components.v2.component(
        f"trazo_{name}",
        html=f'<{tag} class="trazo-{name.replace("_", "-")}"></{tag}>',
        css=(_ASSETS / f"{name}.css").read_text(),
        js=(_ASSETS / f"{name}.js").read_text(),
        isolate_styles=False,
    )
