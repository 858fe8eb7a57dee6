"""Links from an image: to the Inside page, which explains its prediction, and to the images that are similar to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from dashboard.parts.digit_grid import digit_grid, keep_click
from dashboard.session import state

ICON = ":material/frame_inspect:"
LABEL = "Look inside"
SIMILAR_ICON = ":material/image_search:"
SIMILAR_LABEL = "Find similar"
_DATA_PAGE = "data"


def look_inside_link(
    image: str | None = None, *, dataset: str = "mnist", model: str | None = None, disabled: bool = False
) -> None:
    """Link to the Inside page of an image, such as "test-947", or of the last drawing if it is None."""
    parameters = {"image": image, "dataset": None if dataset == "mnist" else dataset, "model": model}
    st.page_link(
        "views/inside.py",
        label=LABEL if image is None else f"{LABEL} {image.replace('-', ' image ')}",
        icon=ICON,
        query_params={name: value for name, value in parameters.items() if value},
        disabled=disabled,
        width="content",
    )


def find_similar_link(image: str | None, *, dataset: str = "mnist", model: str | None = None) -> None:
    """Link to the images similar to an image, such as "test-947", or to the drawing on the canvas if it is None.

    On the Data page itself, a button shows the images similar to an image.
    """
    if image is not None and state.current_page() == _DATA_PAGE:
        # A link to the page's own URL would leave the choices on the page as they are.
        if st.button(
            SIMILAR_LABEL,
            icon=SIMILAR_ICON,
            type="tertiary",
            key=f"similar_to_{image}",
            on_click=state.find_similar,
            args=(image, dataset),
        ):
            st.rerun()
        return
    parameters = {"view": state.SIMILAR, "image": image, "dataset": None if dataset == "mnist" else dataset}
    st.page_link(
        "views/data.py",
        label=SIMILAR_LABEL,
        icon=SIMILAR_ICON,
        query_params={name: value for name, value in (parameters | {"model": model}).items() if value},
        width="content",
    )


def image_links(image: str, *, dataset: str = "mnist", model: str | None = None) -> None:
    """Link to the Inside page of an image and to the images similar to it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        look_inside_link(image, dataset=dataset, model=model)
        find_similar_link(image, dataset=dataset, model=model)


@dataclass(frozen=True)
class Samples:
    """The images of a split, uint8 (n, 28, 28), and the model to look inside while it reads them."""

    images: np.ndarray
    split: str
    dataset: str
    model: str


def sample_grid(
    samples: Samples,
    indices: np.ndarray,
    *,
    key: str,
    captions: Sequence[str],
    titles: Sequence[str],
    tile: int,
    marked: Collection[int] = (),
) -> None:
    """Show some of the images in a grid as `digit_grid` does, and links for the one that was clicked."""
    numbers = [int(index) for index in indices]
    chosen = state.chosen_tile(key)
    with st.container(key=f"chosen_{key}", vertical_alignment="center"):
        if chosen in numbers:
            image_links(f"{samples.split}-{chosen}", dataset=samples.dataset, model=samples.model)
        else:
            st.caption("Click an image to look inside the network while it reads it, or to find similar images.")
    selected = numbers.index(chosen) if chosen in numbers else None
    digit_grid(
        samples.images[indices],
        key=key,
        captions=captions,
        titles=titles,
        tile=tile,
        marked=marked,
        selected=selected,
        on_click=keep_click(key, numbers),
    )
