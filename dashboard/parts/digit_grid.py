"""Pieces that several pages draw: headings, the data banner, digit grids, figures."""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

_logger = logging.getLogger(__name__)
_ASSETS = Path(__file__).resolve().parents[1] / "assets"
_grid = st.components.v2.component(
    "trazo_digit_grid",
    html='<div class="grid"></div>',
    css=(_ASSETS / "digit_grid.css").read_text(),
    js=(_ASSETS / "digit_grid.js").read_text(),
)


def png_source(image: np.ndarray) -> str:
    """A uint8 image (h, w) or (h, w, 3) as a data URI, for `<img>` and image columns."""
    buffer = io.BytesIO()
    # Made for each page anew: speed counts for more than the last fifth of the size.
    Image.fromarray(image).save(buffer, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def enlarged(image: np.ndarray, factor: int = 8) -> np.ndarray:
    """Each pixel as a square of `factor` pixels, so that no browser blurs it."""
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def digit_grid(
    images: np.ndarray | Sequence[np.ndarray],
    *,
    key: str,
    captions: Sequence[str] = (),
    titles: Sequence[str] = (),
    tile: int = 64,
    selected: int | None = None,
    clickable: bool = True,
) -> int | None:
    """Show images uint8 (n, h, w) as a grid that fits any screen; returns the position that was just clicked.

    `captions` stand below the images, `titles` are said on hover and to screen readers. `tile`: least width in pixels.
    """
    tiles = [
        {
            "source": png_source(image),
            "caption": captions[index] if captions else "",
            "title": titles[index] if titles else (captions[index] if captions else f"image {index + 1}"),
        }
        for index, image in enumerate(images)
    ]
    result = _grid(
        key=key,
        data={"tiles": tiles, "tile": tile, "selected": selected, "clickable": clickable},
        on_clicked_change=lambda: None,
    )
    clicked = result.clicked
    return int(clicked) if clicked is not None else None


def picture(image: np.ndarray, width: int) -> str:
    """HTML of one image (h, w), its pixels sharp, at most `width` pixels wide."""
    style = f"width:100%;max-width:{width}px;image-rendering:pixelated;border-radius:4px"
    return f'<img alt="the image, enlarged" src="{png_source(image)}" style="{style}">'


def ink_colour() -> str:
    """The colour of text inside charts: Streamlit's theme reaches their axes, but not their marks."""
    return "#e6eeec" if st.context.theme.type == "dark" else "#17211f"


def pixel_table(image: np.ndarray) -> None:
    """An image (28, 28) as a table of its values 0..255, each on its own shade; scrolls sideways on a phone."""
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td style="background:rgb({value},{value},{value});color:{ink}">{value}</td>'
            for value, ink in ((value, "#000" if value > 127 else "#bbb") for value in row)
        )
        + "</tr>"
        for row in image
    )
    st.html(
        "<style>.pixels{overflow-x:auto}.pixels table{border-collapse:collapse;font:10px/1 monospace}"
        ".pixels td{width:24px;min-width:24px;height:20px;padding:0;text-align:center;border:1px solid #8883}</style>"
        f'<div class="pixels"><table aria-label="pixel values">{rows}</table></div>'
    )
