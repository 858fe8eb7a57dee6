"""Links to the Inside page, which explains the prediction for one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from dashboard.parts.digit_grid import digit_grid, keep_click
from dashboard.session import state

ICON = ":material/frame_inspect:"
LABEL = "Look inside"


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
) -> None:
    """Show some of the images in a grid, and a link to look inside the one that was clicked."""
    numbers = [int(index) for index in indices]
    chosen = state.chosen_tile(key)
    with st.container(key=f"chosen_{key}", vertical_alignment="center"):
        if chosen in numbers:
            look_inside_link(f"{samples.split}-{chosen}", dataset=samples.dataset, model=samples.model)
        else:
            st.caption("Click an image to look inside the network while it reads it.")
    selected = numbers.index(chosen) if chosen in numbers else None
    digit_grid(
        samples.images[indices],
        key=key,
        captions=captions,
        titles=titles,
        tile=tile,
        selected=selected,
        on_click=keep_click(key, numbers),
    )
