"""The Samples tab: a grid of images with filters."""

from __future__ import annotations

import streamlit as st

from core.data.datasets import CLASSES, SPLITS, Dataset, sample_order
from core.language import ntr, tr
from dashboard.data.paging import choose_page
from dashboard.parts.sample_grid import Samples, sample_grid
from dashboard.parts.splits import SPLIT_TITLES

_PAGE_SIZE = 60
"""Images per page, about as many as fit on a laptop screen."""


@st.fragment
def show_samples(data: Dataset) -> None:
    """Show a page of images with filters; a click on an image opens its panel."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = choose_split("data_split")
        digits = st.pills(
            tr("Digits"),
            list(range(CLASSES)),
            selection_mode="multi",
            key="data_digits",
            help=tr("Select the digits to show. Without a selection, all digits are shown."),
        )
        shuffled = st.toggle(tr("Shuffle"), key="data_shuffle")
        seed = _seed() if shuffled else None
    images = data.split(split)
    order = sample_order(images.labels, digits, seed)
    with st.container(horizontal=True, vertical_alignment="bottom", key="data_page"):
        page = choose_page(len(order), _PAGE_SIZE, key=f"data_page_{split}_{digits}_{shuffled}")
        st.caption(ntr("{count:,} image.", "{count:,} images.", len(order)))
    shown = order[page]
    sample_grid(
        Samples(images.images, split, data.id),
        shown,
        key="data_grid",
        captions=[str(label) for label in images.labels[shown]],
        titles=[tr("{label}, image {index}", label=images.labels[index], index=index) for index in shown],
        tile=52,
    )


def choose_split(key: str) -> str:
    """Let the visitor choose a split and return its name."""
    return st.segmented_control(
        tr("Split"),
        SPLITS,
        default="train",
        format_func=lambda split: tr(SPLIT_TITLES[split]),
        required=True,
        key=key,
    )


def _seed() -> int:
    return st.number_input(
        tr("Seed"),
        min_value=0,
        value=1,
        key="data_seed",
        width=120,
        help=tr("The same seed gives the same order on every machine."),
    )
