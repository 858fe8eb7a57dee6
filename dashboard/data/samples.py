"""The Samples tab: a grid of images with filters, and a dialog with the pixels of one image."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.data.datasets import CLASSES, SPLITS, Dataset, Split, sample_order
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.pixel_table import pixel_table
from dashboard.parts.png import image_html

_PAGE_SIZE = 60
"""Images a page: about a laptop's screen."""


@st.fragment
def samples(data: Dataset) -> None:
    """Show a page of images with its filters; a click on an image opens its pixels."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = split_control("data_split")
        digits = st.pills(
            "Digits",
            list(range(CLASSES)),
            selection_mode="multi",
            key="data_digits",
            help="Select the digits to show. Without a selection, all are shown.",
        )
        shuffled = st.toggle("Shuffle", key="data_shuffle")
        seed = _seed() if shuffled else None
    images = data.split(split)
    order = sample_order(images.labels, digits, seed)
    shown = _page(order, key=f"data_page_{split}_{digits}_{shuffled}")
    _grid(images, shown, split)


def split_control(key: str) -> str:
    """Show the choice of a split and return it."""
    return st.segmented_control("Split", SPLITS, default="train", format_func=str.capitalize, required=True, key=key)


def _seed() -> int:
    return st.number_input(
        "Seed",
        min_value=0,
        value=1,
        key="data_seed",
        width=120,
        help="The same seed gives the same order on every machine.",
    )


def _page(order: np.ndarray, key: str) -> np.ndarray:
    """Show the choice of a page and return the indices on it."""
    pages = max(1, -(-len(order) // _PAGE_SIZE))
    with st.container(horizontal=True, vertical_alignment="center"):
        page = st.number_input(f"Page (of {pages:,})", min_value=1, max_value=pages, value=1, key=key, width=160)
        st.caption(f"{len(order):,} images. Click an image to see its pixels.")
    return order[(page - 1) * _PAGE_SIZE : page * _PAGE_SIZE]


def _grid(images: Split, shown: np.ndarray, split: str) -> None:
    clicked = digit_grid(
        images.images[shown],
        key="data_grid",
        captions=[str(label) for label in images.labels[shown]],
        titles=[f"{images.labels[index]}, image {index}" for index in shown],
        tile=52,
    )
    # A click on a page that has been left since may point past the end of this one.
    if clicked is not None and clicked < len(shown):
        index = int(shown[clicked])
        _details(images.images[index], int(images.labels[index]), split, index)


@st.dialog("Image details", width="medium")
def _details(image: np.ndarray, label: int, split: str, index: int) -> None:
    """Show one image enlarged, with its pixel values."""
    left, right = st.columns([1, 4], vertical_alignment="center")
    left.html(image_html(image, 120))
    ink = image[image > 0]
    with right:
        st.markdown(f"**Image {index:,} of the {split} split. Label: {label}**")
        st.caption(
            "28 by 28 pixels with values from 0 (black paper) to 255 (white ink). "
            f"{ink.size} of {image.size} pixels contain ink. Their mean value is {ink.mean() if ink.size else 0:.0f}."
        )
    pixel_table(image)
