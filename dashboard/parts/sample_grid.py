"""A grid of images of a dataset; a click opens the panel of an image."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.language import tr
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.picture_panel import show_samples_panel


@dataclass(frozen=True)
class Samples:
    """The images of a split, uint8 (n, 28, 28), and the model that reads them in the panel (None: the active model)."""

    images: np.ndarray
    split: str
    dataset: str
    model: str | None = None


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
    """Show some of the images in a grid as `digit_grid` does; a click opens an image's panel."""
    st.caption(tr("Click an image to see its ten probabilities, look inside, or change it."))
    clicked = digit_grid(samples.images[indices], key=key, captions=captions, titles=titles, tile=tile, marked=marked)
    if clicked is not None:
        show_samples_panel([(samples.split, int(indices[clicked]))], samples.dataset, samples.model)
