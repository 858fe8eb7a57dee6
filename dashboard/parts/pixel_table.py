"""The pixel values of an image as a table."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from core.language import tr

_STYLE = (
    "<style>.pixels{overflow-x:auto}.pixels table{border-collapse:collapse;font:10px/1 monospace}"
    ".pixels td{width:24px;min-width:24px;height:20px;padding:0;text-align:center;border:1px solid #8883}</style>"
)


def pixel_table(image: np.ndarray) -> None:
    """Show an image, uint8 (28, 28), as a table of shaded pixel values, which scrolls sideways on a phone."""
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in image)
    label = escape(tr("pixel values"))
    st.html(f'{_STYLE}<div class="pixels"><table aria-label="{label}">{rows}</table></div>')


def _cell(value: int) -> str:
    colour = "#000" if value > 127 else "#bbb"
    return f'<td style="background:rgb({value},{value},{value});color:{colour}">{value}</td>'
