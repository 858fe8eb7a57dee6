"""Buttons that save charts as a picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import get_args

import streamlit as st

from core.language import tr
from dashboard.runs.curves_picture import PictureFormat
from dashboard.session.language import in_visitors_language


def picture_buttons(draw: Callable[[PictureFormat], bytes], name: str, key: str) -> None:
    """Show a button for each format. `draw`: returns the file. `name`: the file name without its extension."""
    for kind in get_args(PictureFormat):
        st.download_button(
            tr("Save as {format}", format=kind.upper()),
            data=in_visitors_language(partial(draw, kind)),
            file_name=f"{name}.{kind}",
            mime="image/png" if kind == "png" else "image/svg+xml",
            icon=":material/download:",
            key=f"{key}_{kind}",
            on_click="ignore",
        )
