"""The Samples tab: a grid of images with filters, and a dialog with the pixels of one image."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.data.datasets import CLASSES, SPLITS, Dataset, Split, sample_order
from dashboard.data.paging import choose_page
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.look_inside import image_links
from dashboard.parts.pixel_table import pixel_table
from dashboard.parts.png import image_html

_PAGE_SIZE = 60
"""Images per page, about as many as fit on a laptop screen."""


@st.fragment
def show_samples(data: Dataset) -> None:
    """Show a page of images with filters; a click on an image shows its pixels."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = choose_split("data_split")
        digits = st.pills(
            "Digits",
            list(range(CLASSES)),
            selection_mode="multi",
            key="data_digits",
            help="Select the digits to show. Without a selection, all digits are shown.",
        )
        shuffled = st.toggle("Shuffle", key="data_shuffle")
        seed = _seed() if shuffled else None
    images = data.split(split)
    order = sample_order(images.labels, digits, seed)
    with st.container(horizontal=True, vertical_alignment="center"):
        page = choose_page(len(order), _PAGE_SIZE, key=f"data_page_{split}_{digits}_{shuffled}")
        st.caption(f"{len(order):,} images. Click an image to see its pixels.")
    shown = order[page]
    _show_grid(images, shown, split, data.id)


def choose_split(key: str) -> str:
    """Let the visitor choose a split and return its name."""
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


def _show_grid(images: Split, shown: np.ndarray, split: str, data_id: str) -> None:
    clicked = digit_grid(
        images.images[shown],
        key="data_grid",
        captions=[str(label) for label in images.labels[shown]],
        titles=[f"{images.labels[index]}, image {index}" for index in shown],
        tile=52,
    )
    # A click from the previous page may arrive late and point past the end of this page.
    if clicked is not None and clicked < len(shown):
        index = int(shown[clicked])
        _show_details(images.images[index], int(images.labels[index]), split, index, data_id)


@st.dialog("Image details", width="medium")
def _show_details(image: np.ndarray, label: int, split: str, index: int, data_id: str) -> None:
    """Show one image enlarged, with its pixel values."""
    left, right = st.columns([1, 4], vertical_alignment="center")
    left.html(image_html(image, 120))
    ink = image[image > 0]
    with right:
        st.markdown(f"**Image {index:,} of the {split} split. Label: {label}**")
        st.caption(
            "28 by 28 pixels with values from 0 (black paper) to 255 (white ink). "
            f"{ink.size} of {image.size} pixels contain ink, with a mean value of {ink.mean() if ink.size else 0:.0f}."
        )
        image_links(f"{split}-{index}", dataset=data_id)
    pixel_table(image)
