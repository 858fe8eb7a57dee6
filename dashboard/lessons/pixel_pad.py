"""A picture of 28x28 large pixels, which a visitor paints with the pointer or the keyboard."""

from __future__ import annotations

from typing import cast

import numpy as np
import streamlit as st

from core.ink.drawing import IMAGE_SIZE, Pixels
from core.language import tr
from core.lessons.pixels import painted
from dashboard.parts.component import component
from dashboard.session.lessons import WORK

_component = component(
    "pixel_pad",
    '<div class="pad"><canvas width="560" height="560" tabindex="0" role="application"></canvas>'
    '<div class="readout" role="status"></div><div class="tools">'
    '<button type="button" class="eraser" aria-pressed="false"></button>'
    '<button type="button" class="clear"></button></div></div>',
)


def pixel_pad(key: str) -> Pixels:
    """Show the pad, and return its picture, uint8 (28, 28)."""

    def keep() -> None:
        image = painted(st.session_state[key]["image"])
        if image is not None:
            st.session_state[_image_key(key)] = image

    image = cast("Pixels", st.session_state.get(_image_key(key), np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.uint8)))
    _component(
        key=key,
        data={
            "image": image.ravel().tolist(),
            "title": tr("28 by 28 pixels. The arrow keys move, Space paints, and E switches the eraser on and off."),
            "hint": tr("Paint here. Under your pointer, every pixel is a number from 0 (black) to 255 (white)."),
            "readout": tr("Row {row}, column {column}: {value}"),
            "eraser": tr("Eraser"),
            "clear": tr("Clear"),
        },
        on_image_change=keep,
    )
    return image


def _image_key(key: str) -> str:
    return f"{WORK}{key}"
