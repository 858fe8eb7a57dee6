"""Our own Streamlit components, built from the assets of the same name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

_ASSETS = Path(__file__).resolve().parents[1] / "assets"


def component(name: str, html: str, *, isolate_styles: bool = True, scripts: Sequence[str] = ()) -> Callable[..., Any]:
    """Return the component with the assets `name`.css and `name`.js.

    `isolate_styles`: the styles apply only to it. `scripts`: names of other assets whose code it uses.
    """
    return st.components.v2.component(
        f"trazo_{name}",
        html=html,
        css=(_ASSETS / f"{name}.css").read_text(),
        js="".join((_ASSETS / f"{script}.js").read_text() for script in (*scripts, name)),
        isolate_styles=isolate_styles,
    )


def text_component(name: str, tag: str = "div") -> Callable[..., Any]:
    """Return a component that shows text, in an element of class trazo-`name`; it is updated in place.

    A chart would flicker after each stroke. Without a shadow root, the browser's search and tests can find the text.
    """
    return component(name, f'<{tag} class="trazo-{name.replace("_", "-")}"></{tag}>', isolate_styles=False)
