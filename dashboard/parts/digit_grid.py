"""A grid of images with captions; a click selects one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
import streamlit as st

from core.language import tr
from dashboard.parts.component import component
from dashboard.parts.png import png_data_uri
from dashboard.session import state

_component = component("digit_grid", '<div class="grid"></div>')


def digit_grid(
    images: np.ndarray | Sequence[np.ndarray],
    *,
    key: str,
    captions: Sequence[str] = (),
    titles: Sequence[str] = (),
    tile: int = 64,
    marked: Collection[int] = (),
    selected: int | None = None,
    clickable: bool = True,
    on_click: Callable[[], None] = lambda: None,
) -> int | None:
    """Show images uint8 (n, h, w) in a grid; return the index of the image that was just clicked, or None.

    `captions` appear below the images, `titles` on hover and in screen readers. `tile`: minimum image width in pixels.
    `marked`: positions of images with a coloured frame.
    """
    return tile_grid(
        [png_data_uri(image) for image in images],
        key=key,
        captions=captions,
        titles=titles,
        tile=tile,
        marked=marked,
        selected=selected,
        clickable=clickable,
        on_click=on_click,
    )


def tile_grid(
    sources: Sequence[str],
    *,
    key: str,
    captions: Sequence[str] = (),
    titles: Sequence[str] = (),
    tile: int = 64,
    aspect: float = 1.0,
    marked: Collection[int] = (),
    selected: int | None = None,
    clickable: bool = True,
    on_click: Callable[[], None] = lambda: None,
) -> int | None:
    """Show pictures, given as data URIs, in a grid as `digit_grid` does.

    `aspect`: width / height of pictures that are not square.
    """
    tiles = [
        {
            "source": source,
            "caption": captions[index] if captions else "",
            "marked": index in marked,
            "title": (titles or captions)[index] if titles or captions else tr("image {number}", number=index + 1),
        }
        for index, source in enumerate(sources)
    ]
    result = _component(
        key=key,
        data={"tiles": tiles, "tile": tile, "aspect": aspect, "selected": selected, "clickable": clickable},
        on_clicked_change=on_click,
    )
    clicked = result.clicked
    # A click may arrive after the grid has been refilled, and point past its end.
    return int(clicked) if clicked is not None and clicked < len(sources) else None


def keep_click(key: str, count: int) -> Callable[[], None]:
    """Return the `on_click` callback of a grid of `count` images; `state.chosen_tile` then returns the clicked one."""

    def keep() -> None:
        clicked = st.session_state[key]["clicked"]
        if clicked is not None and clicked < count:
            state.choose_tile(key, clicked)

    return keep
