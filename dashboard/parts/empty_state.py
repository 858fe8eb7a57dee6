"""A faint drawing for a page that has nothing to show yet."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Literal

import streamlit as st

_ASSETS = Path(__file__).parent.parent / "assets"


def empty_drawing(kind: Literal["curves", "layers"]) -> None:
    """Draw learning curves or the layers of a network; screen readers skip the drawing."""
    # As a picture, because Streamlit removes SVG elements from HTML. Its colours suit light and dark pages.
    svg = b64encode((_ASSETS / f"empty_{kind}.svg").read_bytes()).decode()
    st.html(f'<img class="trazo-empty" alt="" src="data:image/svg+xml;base64,{svg}">')
